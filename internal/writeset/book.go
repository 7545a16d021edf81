package writeset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/internal/task"
)

// Recorder is a part that a journal can hold. Each record has what comes out of
// a commit and not what the task did: it is true without what was there before.
type Recorder interface {
	Part

	// AppendOutcome appends the encoding of a part that, applied to what is there
	// now, makes what this one makes of it. The part is locked and admitted.
	AppendOutcome(dst []byte) ([]byte, error)
}

// Recorded is a store whose parts are Recorders.
type Recorded interface {
	Store

	// Form names the types, so that a record isn't read as something else. The
	// error is why a journal can't hold the store.
	Form() (string, error)

	// AppendState appends the encoding of a part that makes what is there now of
	// whatever is there then. It takes the locks it needs.
	AppendState(dst []byte) ([]byte, error)
}

// Book is what one journaled loop keeps of the dictionaries that it writes.
//
// Which they are nobody knows before a task writes to one. What a dictionary
// holds then, its base, goes into the record of the first commit that touches
// it: the two are one step, and a dictionary that no task touches costs nothing.
// From the moment before its base is taken nobody else may write to it, else
// what they write would be neither in the base nor in a record.
type Book struct {
	task.Records

	entering sync.Mutex   // taken with no lock of a commit held
	mu       sync.RWMutex // taken last: with those, and never before them
	pages    map[uint64]*page
	waiting  atomic.Int32 // bases that are in no record yet

	// Of Replay.
	found Set
	last  uint64
}

// page is a dictionary of a book.
type page struct {
	name, form string
	base       []byte // until a record has it
}

// keepers are the books of the loops that run, by the dictionaries they have.
var keepers struct {
	some atomic.Int32
	mu   sync.RWMutex
	of   map[uint64]*Book
}

// Kept reports whether there is a journaled loop, so that a commit has to look
// whose the dictionary is. It is asked under the locks of the commit.
func Kept() bool { return keepers.some.Load() > 0 }

func openBook(r task.Records) task.Book {
	keepers.some.Add(1)
	return &Book{Records: r, pages: map[uint64]*page{}}
}

// Close lets others write again.
func (b *Book) Close() {
	keepers.mu.Lock()
	defer keepers.mu.Unlock()
	for id := range b.pages {
		delete(keepers.of, id)
	}
	keepers.some.Add(-1)
}

// bookOf returns the book of who commits, nil for none.
func bookOf(t task.Ticket) *Book {
	if t.Note == nil || t.Note.Journal == nil {
		return nil
	}
	b, _ := t.Note.Journal.Book().(*Book)
	return b
}

// claim makes the dictionary the loop's.
func (b *Book) claim(s Store) error {
	keepers.mu.Lock()
	defer keepers.mu.Unlock()
	if o := keepers.of[s.ID()]; o != nil && o != b {
		return journaled(s)
	}
	if keepers.of == nil {
		keepers.of = map[uint64]*Book{}
	}
	keepers.of[s.ID()] = b
	return nil
}

// allowed refuses a commit to dictionaries that another one's loop has. The
// parts are locked.
func allowed(parts []Part, b *Book) error {
	keepers.mu.RLock()
	defer keepers.mu.RUnlock()
	for _, p := range parts {
		if o := keepers.of[p.Store().ID()]; o != nil && o != b && p.Changes() {
			return journaled(p.Store())
		}
	}
	return nil
}

func journaled(s Store) error { return fmt.Errorf("dict: %s: %w", s.Name(), task.ErrJournaled) }

// adopt makes what the parts write the loop's. It comes before any lock of the
// commit: to take a base takes them all.
func (b *Book) adopt(parts []Part) error {
	for _, p := range parts {
		if !p.Changes() || b.has(p.Store()) {
			continue
		}
		if err := b.enter(p); err != nil {
			return err
		}
	}
	return nil
}

// has reports whether the store needs nothing more.
func (b *Book) has(s Store) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.pages[s.ID()] != nil || b.ignored(s)
}

func (b *Book) ignored(s Store) bool {
	return len(b.Ignores) > 0 && slices.Contains(b.Ignores, s.Name())
}

func (b *Book) enter(p Part) error {
	s, ok := p.Store().(Recorded)
	if _, records := p.(Recorder); !ok || !records {
		return fmt.Errorf("dict: %s can't be in %s: use a dictionary, or %s", p.Store().Name(), b.Of, b.Instead)
	}
	if IsAnonymous(s.ID()) {
		return fmt.Errorf("dict: %s can't be in %s, for it has no name to be found by: make it with New, or %s", s.Name(), b.Of, b.Instead)
	}
	form, err := s.Form()
	if err != nil {
		return fmt.Errorf("dict: %s can't be in %s: %w", s.Name(), b.Of, err)
	}
	b.entering.Lock()
	defer b.entering.Unlock()
	if b.has(s) {
		return nil
	}
	if err := b.claim(s); err != nil {
		return err
	}
	g := &page{name: s.Name(), form: form}
	if g.base, err = s.AppendState(nil); err != nil {
		return fmt.Errorf("dict: %s: %w", s.Name(), err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pages[s.ID()] = g
	b.waiting.Add(1)
	return nil
}

// The writes of a record: the number of bases, each with the dictionary's name,
// form and state, each of these with its length before it; then the number of
// dictionaries that the commit wrote, each its id in 8 bytes and its outcome.

// record adds the record of a commit, whose parts are locked and admitted, and
// returns its number. After an error it has none.
func (b *Book) record(parts []Part, n *task.Note) (number uint64, err error) {
	if b.waiting.Load() > 0 {
		b.mu.Lock() // no record may overtake the one with the base
		defer b.mu.Unlock()
	} else {
		b.mu.RLock()
		defer b.mu.RUnlock()
	}
	var bases []*page
	outcomes := 0
	for _, p := range parts {
		if g := b.pages[p.Store().ID()]; g != nil && p.Changes() {
			outcomes++
			if g.base != nil {
				bases = append(bases, g)
			}
		}
	}
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	dst := binary.AppendUvarint((*buf)[:0], uint64(len(bases)))
	for _, g := range bases {
		dst = appendBytes(appendBytes(appendBytes(dst, g.name), g.form), g.base)
	}
	dst = binary.AppendUvarint(dst, uint64(outcomes))
	for _, p := range parts {
		if b.pages[p.Store().ID()] == nil || !p.Changes() {
			continue
		}
		dst = binary.LittleEndian.AppendUint64(dst, p.Store().ID())
		if dst, err = p.(Recorder).AppendOutcome(dst); err != nil {
			return 0, fmt.Errorf("dict: %s: %w", p.Store().Name(), err)
		}
	}
	if cap(dst) <= maxScratch {
		*buf = dst
	}
	if outcomes == 0 {
		dst = nil // all of it is ignored
	}
	err = n.Journal.Append(n, dst, func() uint64 { number = Next(); return number })
	if err != nil {
		return 0, err
	}
	for _, g := range bases {
		g.base = nil
		b.waiting.Add(-1)
	}
	return number, nil
}

const maxScratch = 64 << 10

var scratch = sync.Pool{New: func() any { return new([]byte) }}

func appendBytes[T string | []byte](dst []byte, b T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// Replay takes what a record says, in the order of the records.
func (b *Book) Replay(commit uint64, writes []byte) error {
	b.last = max(b.last, commit)
	r := Read(writes)
	for n := r.Uvarint(); n > 0 && r.Err() == nil; n-- {
		if err := b.replayBase(string(r.Take(r.Uvarint())), string(r.Take(r.Uvarint())), Read(r.Take(r.Uvarint()))); err != nil {
			return b.failed(errors.Join(r.Err(), err))
		}
	}
	for n := r.Uvarint(); n > 0 && r.Err() == nil; n-- {
		id := r.Uint64()
		if b.pages[id] == nil {
			return b.failed(errors.Join(r.Err(), errors.New("it writes to a dictionary without a base")))
		}
		if err := b.replay(id, r); err != nil {
			return b.failed(err)
		}
	}
	if r.Err() == nil && r.Len() > 0 {
		return b.failed(errors.New("a record has bytes after its end"))
	}
	return b.failed(r.Err())
}

func (b *Book) failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("parfor: %s: %w", b.Of, err)
}

func (b *Book) replayBase(name, form string, r *Reader) error {
	id := Named(name)
	s, err := Find(id)
	if err != nil {
		return fmt.Errorf("it has the dictionary %s, which this program doesn't: bring it back, or %s", name, b.Anew)
	}
	rs, ok := s.(Recorded)
	if !ok {
		return fmt.Errorf("%s is no dictionary any more that can be in it", name)
	}
	now, err := rs.Form()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if now != form {
		return fmt.Errorf("%s had %s, now it has %s: go back to these types, or %s", name, form, now, b.Anew)
	}
	b.pages[id] = &page{name: name, form: form}
	return b.replay(id, r)
}

// replay adds a part to those that were found, which makes of the two one: so
// memory is what the dictionaries take, however long the file is.
func (b *Book) replay(id uint64, r *Reader) error {
	s, err := Find(id)
	if err != nil {
		return err
	}
	p, err := s.Decode(r)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name(), err)
	}
	kept := !slices.ContainsFunc(b.found.parts, func(o Part) bool { return o.Store() == s })
	p.MergeInto(&b.found)
	if !kept {
		p.Release()
	}
	return b.found.err
}

// Restore puts what was found into the dictionaries, as one commit. Numbers of
// later ones go on behind those of the journal.
func (b *Book) Restore() error {
	parts := b.found.parts
	for _, p := range parts {
		if err := b.claim(p.Store()); err != nil {
			return b.failed(err)
		}
	}
	for n := last.Load(); n < b.last && !last.CompareAndSwap(n, b.last); n = last.Load() {
	}
	_, err := commit(parts, task.Ticket{}, b, nil)
	for _, p := range parts {
		p.Release()
	}
	b.found = Set{}
	return b.failed(err)
}
