package journalfile

import (
	"bytes"
	"hash/crc32"
	"io"
)

// A bad record has one of two reasons. Its writer died: then it is the last
// thing that was written, and it had not been reported. Or the file was damaged
// afterwards: then records follow that are good, and to go on would silently
// forget items that were reported.
//
// There is one case between them. When the power fails, a disk may have the
// second half of the last write and not the first. Under SyncAlways nothing of
// that write was reported, so its records say where their batch begins: good
// ones of a batch that began before the bad record prove nothing. Under the
// other modes a record was reported as soon as it was written, and they prove
// that reported ones are lost.

// goodAfter returns the offset of a record that proves the one at bad to have
// been reported, 0 if there is none. It looks at every byte, in a fixed amount
// of memory, and costs no more than a read of the rest of the file and of the
// records found there.
func (s *scanner) goodAfter(bad int64) (int64, error) {
	window, scratch := make([]byte, 1<<20), make([]byte, 64<<10)
	next := bad + 1 // no record in question begins before it
	for at := next; at+frameHead <= s.size; {
		n, err := s.r.ReadAt(window[:min(int64(len(window)), s.size-at)], at)
		if err != nil && err != io.EOF {
			return 0, s.failed(err)
		}
		if n < frameHead {
			break // the file was cut meanwhile
		}
		for i := 0; ; i++ {
			found := bytes.Index(window[i:n], s.pre.mark[:])
			if found < 0 {
				break
			}
			i += found
			if at+int64(i) < next {
				continue
			}
			h, ok, err := s.valid(at+int64(i), scratch)
			if err != nil {
				return 0, err
			}
			if ok && at+int64(i)-int64(h.batch) > bad {
				return at + int64(i), nil
			}
			if ok {
				next = at + int64(i) + frameHead + h.length
			}
		}
		at = max(next, at+int64(n-len(s.pre.mark)+1)) // a mark may go over the edge
	}
	return 0, nil
}

// valid says whether a record is at the offset.
func (s *scanner) valid(at int64, scratch []byte) (h head, ok bool, err error) {
	var b [frameHead]byte
	if n, err := s.r.ReadAt(b[:], at); n < len(b) {
		if err == io.EOF {
			err = nil
		}
		return h, false, err
	}
	if h, ok = s.pre.parse(b[:], s.size-at); !ok {
		return h, false, nil
	}
	sum := s.pre.sum(b[:], at)
	for left, from := h.length, at+frameHead; left > 0; {
		n, err := s.r.ReadAt(scratch[:min(left, int64(len(scratch)))], from)
		if n == 0 {
			if err == io.EOF {
				err = nil
			}
			return h, false, err
		}
		sum = crc32.Update(sum, castagnoli(), scratch[:n])
		left, from = left-int64(n), from+int64(n)
	}
	return h, sum == h.sum, nil
}
