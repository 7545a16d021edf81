package results

import (
	"bytes"
	"cmp"
	"io"
	"os"
	"slices"
	"strconv"
)

// spot is a record in the journal and its place in the results: that of this
// run's input, then what lies behind as far as this run came, then what is no
// more in the input.
type spot struct {
	order  uint64
	offset int64
}

const (
	classShift = 62
	behind     = 1 << classShift
	gone       = 2 << classShift
)

func (s spot) seq() int { return int(s.order &^ (3 << classShift)) }

// ordered lists the last record of each key in order, of those before end. It takes 16 bytes a
// record, and changes nothing that Plan needs.
func (r *Results) ordered(end int64) ([]spot, error) {
	spots := make([]spot, 0, r.index.len)
	last := r.opts.OnDuplicate == DuplicateLast
	_, err := scan(r.path, io.NewSectionReader(r.file, 0, end), func(offset int64, open []byte) error {
		if !bytes.HasPrefix(open, recordStart) {
			return nil
		}
		h, ok := parseHead(open)
		if !ok {
			return &DamageError{Path: r.path, Offset: offset}
		}
		id := r.index.key(h.key)
		if last {
			id = r.index.task(h.key, unstamped(h.task))
		}
		place := r.index.get(id)
		switch {
		case place.state() >= planned:
			spots = append(spots, spot{place.n(), offset})
		case place.stored() && place.n() != uint64(offset): // an older one
		case h.seq > r.maxSeq:
			spots = append(spots, spot{behind | uint64(h.seq), offset})
		default:
			spots = append(spots, spot{gone | uint64(h.seq), offset})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	spots = lastOfEach(spots)
	if last {
		return r.lastOfKeys(spots)
	}
	return spots, nil
}

// lastOfEach sorts, and keeps of an item that this run did again what it did last.
func lastOfEach(spots []spot) []spot {
	compare := func(a, b spot) int { return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.offset, b.offset)) }
	if !slices.IsSortedFunc(spots, compare) {
		slices.SortFunc(spots, compare)
	}
	kept := spots[:0]
	for i, s := range spots {
		if s.order < behind && i+1 < len(spots) && spots[i+1].order == s.order {
			continue
		}
		kept = append(kept, s)
	}
	return kept
}

// lastOfKeys keeps one record of each key, for DuplicateLast: that of this run's
// last item with the key, else the last there was.
func (r *Results) lastOfKeys(spots []spot) ([]spot, error) {
	seen := newIndex()
	keep := make([]bool, len(spots))
	n, _ := slices.BinarySearchFunc(spots, uint64(behind), func(s spot, o uint64) int { return cmp.Compare(s.order, o) })
	for k := range spots {
		i := n - 1 - k // this run's, from the last
		if i < 0 {
			i = len(spots) - 1 - (k - n) // then the others, from the last
		}
		h, err := headAt(r.path, r.file, spots[i].offset)
		if err != nil {
			return nil, err
		}
		if id := seen.key(h.key); seen.get(id) == 0 {
			seen.set(id, planned)
			keep[i] = true
		}
	}
	kept := spots[:0]
	for i, s := range spots {
		if keep[i] {
			kept = append(kept, s)
		}
	}
	return kept, nil
}

// window reads lines at offsets that are mostly near each other.
type window struct {
	path string
	f    *os.File
	buf  []byte
	from int64
	n    int
}

const (
	windowSize   = 64 << 10
	windowBefore = 16 << 10 // concurrent items end a bit out of order
)

// line reads the line at offset, without checksum and brace; it is valid until
// the next call.
func (w *window) line(offset int64) ([]byte, error) {
	for size := windowSize; ; size *= 2 {
		if i := offset - w.from; i >= 0 && i < int64(w.n) {
			b := w.buf[i:w.n]
			if end := bytes.IndexByte(b, '\n'); end >= 0 {
				open, ok := unseal(b[:end])
				if !ok {
					return nil, &DamageError{Path: w.path, Offset: offset}
				}
				return open, nil
			}
		}
		if len(w.buf) < size {
			w.buf = make([]byte, size)
		}
		w.from = max(0, offset-windowBefore)
		n, err := w.f.ReadAt(w.buf[:size], w.from)
		if err != nil && err != io.EOF {
			return nil, err
		}
		if w.n = n; err == io.EOF && bytes.IndexByte(w.buf[min(int64(n), offset-w.from):n], '\n') < 0 {
			return nil, &DamageError{Path: w.path, Offset: offset}
		}
	}
}

// entries goes over the records at spots. An entry is valid until the next one.
func entries(path string, f *os.File, spots []spot) entrySeq {
	return func(yield func(*entry, error) bool) {
		w := &window{path: path, f: f}
		var e entry
		for _, s := range spots {
			open, err := w.line(s.offset)
			if err != nil {
				yield(nil, err)
				return
			}
			h, ok := parseHead(open)
			if !ok {
				yield(nil, &DamageError{Path: path, Offset: s.offset})
				return
			}
			e.rec = nil
			e.rawKey = h.rawKey
			e.status = h.status
			e.line = append(append(e.line[:0], recordStart...), h.rawKey...)
			e.line = strconv.AppendInt(append(e.line, `,"seq":`...), int64(s.seq()), 10)
			e.line = append(append(e.line, h.rest...), '}')
			if !yield(&e, nil) {
				return
			}
		}
	}
}
