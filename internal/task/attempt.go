// Package task is what a body's context carries: which attempt it belongs to,
// the loop's arguments, and the write set of package dict.
package task

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/internal/mutant"
)

// Errors of an attempt's context; parfor exports them.
var (
	ErrDone    = errors.New("parfor: the task this context belongs to has ended")
	ErrStopped = errors.New("parfor: loop stopped") // of a loop's own cancel
	ErrBroken  = errors.New("parfor: the caller left the range")
	ErrNoTask  = errors.New("parfor: not inside a task: use the context the body was given")
)

// NeedIdentity is set by package dict when it is linked into the program: from
// then on every task has a context of its own, so that a write finds its task.
// Loops of programs without dictionaries share a context per worker and save
// the allocation. Set in init only.
var NeedIdentity bool

// Tx is what one attempt did to dictionaries and what it saw of them: its write
// set. Package dict implements it.
type Tx interface {
	// Commit applies the set at the owner as one step and returns its commit
	// number, 0 if it wrote nothing. The error is a *[Conflict], or one that no
	// further attempt can mend (a limit, a value that can't be encoded); nothing
	// was applied then.
	Commit(Ticket) (uint64, error)

	// Check is for an attempt that failed: it returns a *[Conflict] if what the
	// attempt observed no longer holds, else nil. In a worker process it returns
	// nil: see AppendObserved.
	Check(Ticket) error

	// Drop undoes what has effect before a commit: claims. It is called once
	// for a set that is not committed, merged or sent.
	Drop()

	// MergeInto adds the set to that of the enclosing attempt (a nested loop).
	MergeInto(parent *Attempt) error

	// Release gives the set back for the next attempt. Nobody may use it any
	// more.
	Release()

	// Append appends the encoding that travels to the owner beside the result.
	Append(dst []byte) ([]byte, error)

	// AppendObserved appends what the owner needs to Check a failed attempt:
	// nothing if it observed nothing.
	AppendObserved(dst []byte) []byte

	// Observed reports whether the attempt depends on what it read, so that it
	// may conflict. Valid once the body is over.
	Observed() bool

	// Undecide notes in a worker process what the set writes; see [Undecide].
	Undecide(slot int, count uint64)
}

// What package dict knows of sets that came from another process; it sets them
// in init. They copy what they keep of b.
var (
	// CommitEncoded commits what Append encoded; errors are those of Tx.Commit.
	CommitEncoded func(b []byte, t Ticket) (uint64, error)

	// CheckEncoded is Tx.Check for what AppendObserved encoded.
	CheckEncoded func(b []byte, t Ticket) error

	// EndClaims frees what the attempt of that number ([Attempt.Claimant]) holds,
	// which ended without a commit. Needless while ClaimsOpen is 0.
	EndClaims func(claimant uint64)

	// EndLife says that a worker process has died (shm.Identity.Life): it can
	// claim nothing more. Its tasks are ended one by one after that.
	EndLife func(life uint64)
)

// A claimant in a worker process is the number of the worker's life and that of
// the request, see shm.Identity.Claimant.
const lifeShift = 40

// LifeOf returns the worker's life of a claimant; what it returns for others is
// no life.
func LifeOf(claimant uint64) uint64 { return claimant >> lifeShift }

// ClaimantOf makes a claimant of a worker's life and a number in it.
func ClaimantOf(life, n uint64) uint64 { return life<<lifeShift | n }

// ClaimsOpen is how many claims running tasks hold in this program.
var ClaimsOpen atomic.Int64

// InWorker is true in a worker process; package process sets it before any
// body runs.
var InWorker atomic.Bool

// Slot is a place to run at an executor. A task that waits for other tasks
// lends its slot to them and takes one back before it goes on.
type Slot interface {
	Lend()
	TakeBack()
}

// Loop is what the tasks of one loop share.
type Loop struct {
	Name string
	Arg  func(name string) (value any, encoded []byte, ok bool)
	Keep func(name string, value any) // caches a decoded argument

	// Program and Run tell this run of the loop from all others, for the keys of
	// its tasks. Program is 0 for a loop in the process that began it.
	Program, Run uint64

	// Nth numbers the loops that one attempt runs, from 1: unlike Run it is the
	// same in the next attempt, and when a journaled loop is resumed. It is 0 for
	// a loop outside of tasks.
	Nth uint64

	// Origin are Program and Run where the loop was begun, if these tasks came
	// through the hands of another program (an agent's); else zero.
	Origin [2]uint64

	// Reach is how the agent that started this worker finds the program that owns
	// the loop's dictionaries, 0 if it is the one that started the worker.
	Reach uint64

	// Apart is why its tasks can't use dictionaries, nil if they can.
	Apart error

	// Recorded says that whoever runs the loop records what it does to
	// dictionaries, as a journal would.
	Recorded bool

	// Journal tells the journal of this loop from all others, for the keys of its
	// tasks; it is empty without one. Ignores are the names of what is not in it.
	Journal []byte
	Ignores []string

	// Serializable makes every read an observation.
	Serializable bool

	Width int // how many of its tasks run at once; 0 if that isn't known here
	// Ordered says that the indexes of its tasks are an order: it is a loop, and
	// no bundle of submissions.
	Ordered bool

	// Group is set if its tasks may add tasks. Where the loop is, it is package
	// parfor's; in a worker process, a string: the name of the items' type.
	Group any

	mu     sync.Mutex
	beside map[any]any
}

// Beside keeps something for who asks with that key, made on first use, as long
// as the loop lives.
func (l *Loop) Beside(key any, create func() any) any {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.beside == nil {
		l.beside = map[any]any{}
	}
	v, ok := l.beside[key]
	if !ok {
		v = create()
		l.beside[key] = v
	}
	return v
}

// Attempt is one try of one task.
type Attempt struct {
	Index  int
	Number int // from 1
	Worker int
	Slot   Slot
	Loop   *Loop
	Parent *Attempt // of the loop that the enclosing task's body runs, or nil
	Token  uint64   // in a worker process: who it is to the owner; see Claimant
	Pass   uint64   // of its turn; see [TakeTurn]
	Note   *Note    // of a task of a journaled loop, else nil
	Kept   *bool    // in a worker process: unless nil, set it if the encoded item's memory is kept

	loops atomic.Uint64 // begun under this attempt

	section // guards the next four
	done    bool
	tx      Tx
	added   Items   // to one group, as a rule
	more    []Items // to others

	rest sync.Mutex // guards the rest, and done where it is written

	ends  []func() // hooks of AtEnd
	ended bool     // the body has returned

	children  atomic.Int32  // tasks submitted under this attempt that are open
	childless chan struct{} // closed when there are none left; made by Join
}

// NextLoop numbers a loop that begins under this attempt.
func (a *Attempt) NextLoop() uint64 { return a.loops.Add(1) }

// Own tells the attempt that its body is about to run on the calling goroutine,
// whose calls then cost less. It is called before anybody else has the attempt.
func (a *Attempt) Own() { a.own() }

// With gives the attempt's write set to use, made by create on first use, nil
// without create. After the body returned the error is ErrDone. It excludes
// other calls, and the end of the attempt.
func (a *Attempt) With(create func(*Attempt) Tx, use func(Tx) error) error {
	alone := a.enter()
	defer a.leave(alone)
	tx, err := a.open(create)
	if err != nil {
		return err
	}
	return use(tx)
}

// Enter is With without a function to call, for the shortest operations: after
// it, unless there is an error, the caller has the set to itself until
// [Attempt.Exit], which wants what Enter returned.
func (a *Attempt) Enter(create func(*Attempt) Tx) (tx Tx, alone bool, err error) {
	alone = a.enter()
	if tx, err = a.open(create); err != nil {
		a.leave(alone)
	}
	return tx, alone, err
}

// EnterAlone is Enter for the body's own goroutine, while no other has come and
// there is a write set already; else it returns nil, and Enter is to be called.
// It ends with [Attempt.ExitAlone].
func (a *Attempt) EnterAlone() Tx {
	if a.owner == 0 || a.owner != goroutine() {
		return nil
	}
	a.inside = 1
	if a.others.Load() == 0 && !a.done && a.tx != nil {
		return a.tx
	}
	atomic.StoreUint32(&a.inside, 0)
	return nil
}

// ExitAlone ends what EnterAlone began.
func (a *Attempt) ExitAlone() { a.inside = 0 }

// Exit ends what Enter began.
func (a *Attempt) Exit(alone bool) { a.leave(alone) }

func (a *Attempt) open(create func(*Attempt) Tx) (Tx, error) {
	if a.done {
		return nil, ErrDone
	}
	if a.tx == nil {
		if l := a.Outermost().Loop; l != nil && l.Apart != nil {
			return nil, l.Apart
		}
	}
	if a.tx == nil && create != nil {
		a.tx = create(a)
	}
	return a.tx, nil
}

// Seal ends the attempt: later use of its context for dictionaries is ErrDone.
// It returns the write set, nil if there is none.
func (a *Attempt) Seal() Tx {
	alone := a.enter()
	defer a.leave(alone)
	a.rest.Lock()
	a.done = !mutant.Is("unsealed")
	a.rest.Unlock()
	tx := a.tx
	a.tx = nil
	return tx
}

// Finish seals the attempt whose body ended with err and decides it. A success
// is committed, or handed to the enclosing attempt; the commit number is 0
// where nothing was written. What it returns is err, or why a success is none
// (see [Tx.Commit]), or a *[Conflict] instead of the error of an attempt whose
// observations no longer hold.
//
// What a success added to a group becomes tasks after that: they find what it
// committed.
func (a *Attempt) Finish(err error) (uint64, error) {
	n, err := a.decide(a.Seal(), err)
	if err == nil && a.added != nil {
		err = a.deliver()
	}
	return n, err
}

func (a *Attempt) decide(tx Tx, err error) (uint64, error) {
	switch {
	case tx == nil:
		return 0, err
	case err != nil && !mutant.Is("leaked"):
		if a.Parent == nil {
			if c := tx.Check(a.ticket()); c != nil {
				err = c
			}
		}
		tx.Drop()
		tx.Release()
		return 0, err
	case a.Parent != nil:
		return 0, tx.MergeInto(a.Parent)
	}
	if mutant.Is("leaked") && err != nil {
		tx.Commit(a.ticket())
		return 0, err
	}
	n, err := tx.Commit(a.ticket())
	if err != nil {
		tx.Drop()
	}
	tx.Release()
	return n, err
}

func (a *Attempt) ticket() Ticket {
	return Ticket{Claims: a.Token, Pass: a.Pass, Loop: a.Loop, Item: a.Index, Note: a.Note}
}

// tokens numbers the attempts of this process that claim something. The
// highest bit keeps them apart from those of worker processes.
var tokens atomic.Uint64

// Claimant is who claims in the name of the attempt: the outermost task that
// it is part of. The number is unique in the program.
func (a *Attempt) Claimant() uint64 {
	for a.Parent != nil {
		a = a.Parent
	}
	a.rest.Lock()
	defer a.rest.Unlock()
	switch {
	case a.Loop != nil && a.Loop.Reach != 0 && a.Token>>62 != 1:
		a.Token = distantToken()
	case a.Token == 0:
		a.Token = 1<<63 | tokens.Add(1)
	}
	return a.Token
}

// distantToken is a claimant of a worker that the owner didn't start. It is drawn
// by lot, since nobody numbers the workers of all agents; the highest two bits
// keep it apart from all others.
func distantToken() uint64 { return 1<<62 | rand.Uint64()>>2 }

// Ctx is a context with an attempt inside, in one allocation.
type Ctx struct {
	context.Context
	Attempt
}

type key struct{}

// Value finds the attempt, else asks the parent context.
func (c *Ctx) Value(k any) any {
	if _, ok := k.(key); ok {
		return &c.Attempt
	}
	return c.Context.Value(k)
}

// From returns the attempt that ctx belongs to, or nil.
func From(ctx context.Context) *Attempt {
	if c, ok := ctx.(*Ctx); ok {
		return &c.Attempt
	}
	a, _ := ctx.Value(key{}).(*Attempt)
	return a
}
