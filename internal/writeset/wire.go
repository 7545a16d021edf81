package writeset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"parfor.dev/parfor/internal/mutant"
	"parfor.dev/parfor/internal/task"
)

// The encoding of a set: a version byte, the number of parts, then each part:
// the dictionary's id in 8 bytes and what its Part appended. Parts come in
// ascending order of id, so that none can come twice: a dictionary that was
// locked twice in one commit would wait for itself.
const version = 2

// MaxSet bounds the encoding of one attempt's set: what is larger would hold
// the locks of a commit too long, and takes memory in two processes.
const MaxSet = 64 << 20

// ErrTooLarge means that one attempt did more than a commit may hold.
var ErrTooLarge = errors.New("dict: the writes of one task take more than 64 MiB: split the task")

var errTruncated = errors.New("dict: write set ends early")

// Append encodes the set; a set that changes and observes nothing is no bytes.
func (s *Set) Append(dst []byte) ([]byte, error) {
	if s.err != nil {
		return dst, s.err
	}
	return s.append(dst, func(p Part) bool { return p.Changes() || p.Observes() }, Part.Append)
}

// AppendObserved encodes what the set depends on.
func (s *Set) AppendObserved(dst []byte) []byte {
	dst, _ = s.append(dst, Part.Observes, func(p Part, dst []byte) ([]byte, error) { return p.AppendObserved(dst), nil })
	return dst
}

func (s *Set) append(dst []byte, want func(Part) bool, add func(Part, []byte) ([]byte, error)) ([]byte, error) {
	s.dropScoped()
	n := 0
	for _, p := range s.parts {
		if want(p) {
			n++
		}
	}
	if n == 0 {
		return dst, nil
	}
	if len(s.parts) > 1 {
		slices.SortFunc(s.parts, byStore)
	}
	start := len(dst)
	dst = append(dst, version)
	dst = binary.AppendUvarint(dst, uint64(n))
	for _, p := range s.parts {
		if !want(p) {
			continue
		}
		dst = binary.LittleEndian.AppendUint64(dst, p.Store().ID())
		var err error
		if dst, err = add(p, dst); err != nil {
			return dst[:start], fmt.Errorf("dict: %s: %w", p.Store().Name(), err)
		}
		if len(dst)-start > MaxSet {
			return dst[:start], ErrTooLarge
		}
	}
	return dst, nil
}

// CommitEncoded commits a set that another process encoded. It keeps nothing
// of b and takes nothing on trust: whatever b holds, it returns an error or
// commits a set that a body could have made.
func CommitEncoded(b []byte, t task.Ticket) (uint64, error) {
	if len(b) == 0 {
		return 0, nil
	}
	s := sets.Get().(*Set)
	defer s.Release()
	if err := s.decode(b); err != nil {
		return 0, err
	}
	if mutant.Is("late") { // reported before it is true
		return putOff(b, t), nil
	}
	return Commit(s.parts, t)
}

// CheckEncoded checks what a failed attempt in another process observed.
func CheckEncoded(b []byte, t task.Ticket) error {
	if len(b) == 0 {
		return nil
	}
	s := sets.Get().(*Set)
	defer s.Release()
	if err := s.decode(b); err != nil {
		return err
	}
	return Check(s.parts, t)
}

func (s *Set) decode(b []byte) error {
	s.from = Reader{b: b}
	r := &s.from
	if v := r.Byte(); v != version {
		return fmt.Errorf("dict: write set has version %d, this program knows %d", v, version)
	}
	n := r.Uvarint()
	if n > uint64(r.Len()) {
		return errTruncated
	}
	var prev uint64
	for i := range n {
		id := r.Uint64()
		if r.err != nil {
			return r.err
		}
		if i > 0 && id <= prev {
			return errors.New("dict: write set names its dictionaries out of order")
		}
		prev = id
		st, err := Find(id)
		if err != nil {
			return err
		}
		p, err := st.Decode(r)
		if err != nil {
			return fmt.Errorf("dict: %s: write set: %w", st.Name(), err)
		}
		s.parts = append(s.parts, p)
	}
	if r.Len() > 0 {
		return errors.New("dict: write set has bytes after its end")
	}
	return r.err
}

// Reader reads what came from another process. After the first read past the
// end all reads return zero and Err says so.
type Reader struct {
	b    []byte
	err  error
	text []byte // room for short strings
}

// Short strings of one set share their memory, so that the garbage collector
// has an object where it had ten: it took a quarter of the time of inserting
// strings. A dictionary that keeps one of them keeps its neighbours, at most
// textRoom bytes.
const (
	textRoom  = 512
	textShort = textRoom / 4
)

// String returns the next n bytes as a string of its own.
func (r *Reader) String(n uint64) string {
	b := r.Take(n)
	switch {
	case len(b) == 0:
		return ""
	case len(b) > textShort:
		return string(b)
	case cap(r.text)-len(r.text) < len(b):
		r.text = make([]byte, 0, min(textRoom, len(b)+len(r.b)))
	}
	at := len(r.text)
	r.text = append(r.text, b...)
	return unsafe.String(&r.text[at], len(b)) // these bytes are never written again
}

// Read returns a reader of b.
func Read(b []byte) *Reader { return &Reader{b: b} }

// Len is how many bytes are left.
func (r *Reader) Len() int { return len(r.b) }

// Err is the first error.
func (r *Reader) Err() error { return r.err }

// Take returns the next n bytes, which alias the input.
func (r *Reader) Take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.err, r.b = errTruncated, nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

// Rest returns all bytes left.
func (r *Reader) Rest() []byte { return r.Take(uint64(len(r.b))) }

// Byte reads one byte.
func (r *Reader) Byte() byte {
	if b := r.Take(1); b != nil {
		return b[0]
	}
	return 0
}

// Uint16 reads 2 bytes.
func (r *Reader) Uint16() uint16 {
	if b := r.Take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// Uint32 reads 4 bytes.
func (r *Reader) Uint32() uint32 {
	if b := r.Take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// Uint64 reads 8 bytes.
func (r *Reader) Uint64() uint64 {
	if b := r.Take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Uvarint reads a variable-length number.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.err, r.b = errTruncated, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}
