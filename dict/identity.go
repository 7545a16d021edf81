package dict

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// identity is who a shared object is, whatever it holds: how processes name
// it, which task it belongs to, and when it ends.
type identity struct {
	id   uint64
	name string // full name, or "anonymous dictionary n"
	site string // of New

	scope  *task.Attempt   // it was made inside this attempt and ends with it
	life   context.Context // of Make
	travel sync.Once       // the handle went to another process
	stay   func() bool     // stops waiting for the end of life, after travel
	closed atomic.Bool
}

// kind is what New and Make of a kind of shared object have after these words.
type kind string

const ofDict kind = ""

// anonymous is the name of an object without a name.
func (k kind) anonymous(id uint64) string {
	if k == ofDict {
		return writeset.AnonymousName(id)
	}
	return writeset.AnonymousNameOf(strings.ToLower(string(k)), id)
}

// newNamed is the New of a kind: fresh makes the object of a full name.
func newNamed[C any, S storeOf[C]](k kind, name string, opts []Option, fresh func(full string, opts []Option) (S, error)) S {
	pkg, site := callerOf(thisPackage + ".New" + string(k))
	full := fullNameOf(k, pkg, name, site)
	c, err := fresh(full, opts)
	if err != nil {
		panic(fmt.Sprintf("dict: %s at %s: %v", full, site, err))
	}
	i := c.self()
	i.id, i.site = writeset.Named(full), site
	writeset.Keep(c)
	return c
}

// newAnonymous is the Make of a kind.
func newAnonymous[C any, S storeOf[C]](ctx context.Context, k kind, opts []Option, fresh func(name string, opts []Option) (S, error)) (S, error) {
	a, err := outside(ctx)
	if err != nil {
		return nil, err
	}
	id := writeset.Anonymous()
	c, err := fresh(k.anonymous(id), opts)
	if err != nil {
		return nil, fmt.Errorf("dict: Make%s: %w", k, err)
	}
	i := c.self()
	i.id, i.scope, i.life = id, a, ctx
	return c, nil
}

// fullNameOf checks that an object of a name can be made now.
func fullNameOf(k kind, pkg, name, site string) string {
	if name == "" {
		panic(fmt.Sprintf("dict: New%s at %s: the name is empty", k, site))
	}
	full := pkg + "." + name
	if at := sealedAt(); at != "" {
		panic(fmt.Sprintf("dict: %s is made at %s, after process.Main at %s: worker processes would not know it; make it in a package variable, or use dict.Make%s", full, site, at, k))
	}
	return full
}

// ID, Name and Site are of writeset.Store.
func (i *identity) ID() uint64 { return i.id }

// Name is the full name.
func (i *identity) Name() string { return i.name }

// Site is where New was called.
func (i *identity) Site() string { return i.site }

func (i *identity) named(err error) error { return fmt.Errorf("dict: %s: %w", i.name, err) }

// wrap names the object in an error, if there is one.
func (i *identity) wrap(err error) error {
	if err == nil {
		return nil
	}
	return i.named(err)
}

// enter says which attempt a call belongs to, nil for none, or why it can't be
// made.
func (i *identity) enter(ctx context.Context) (*task.Attempt, error) {
	if i.closed.Load() {
		return nil, i.named(ErrClosed)
	}
	a, err := outside(ctx)
	if err != nil {
		return nil, i.named(err)
	}
	if i.scope != nil && !within(a, i.scope) {
		return nil, i.named(fmt.Errorf("%w; it was made inside a task and belongs to that one", ErrNoTask))
	}
	return a, nil
}

// remote reports whether what is committed is in another process. What was
// made inside a task lives in write sets alone.
func (i *identity) remote() bool { return i.scope == nil && task.InWorker.Load() }

// outside returns the attempt of ctx. Without one it makes sure that a call
// outside tasks is possible here and now.
func outside(ctx context.Context) (*task.Attempt, error) {
	if a := task.From(ctx); a != nil {
		return a, nil
	}
	if task.InWorker.Load() {
		return nil, ErrNoTask
	}
	refuseInitialisers()
	return nil, nil
}

func within(a, scope *task.Attempt) bool {
	for ; a != nil; a = a.Parent {
		if a == scope {
			return true
		}
	}
	return false
}
