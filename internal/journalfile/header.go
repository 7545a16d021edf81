package journalfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"parfor.dev/parfor/internal/cursor"
)

// Header says whose journal a file is.
type Header struct {
	Name    string    // of the loop's body, as it is registered
	Version string    // what the user says the body is a version of
	In, Out string    // types, with import paths
	Codec   string    // of results
	Build   string    // of the program that began the file
	Created time.Time // when it was begun
}

func (h *Header) append(dst []byte) []byte {
	for _, s := range []string{h.Name, h.Version, h.In, h.Out, h.Codec, h.Build} {
		dst = appendBytes(dst, s)
	}
	return binary.LittleEndian.AppendUint64(dst, uint64(h.Created.UnixNano()))
}

func (h *Header) decode(body []byte) error {
	d := cursor.Cursor{B: body}
	for _, s := range []*string{&h.Name, &h.Version, &h.In, &h.Out, &h.Codec, &h.Build} {
		*s = string(d.Bytes())
	}
	created := d.Take(8)
	if !d.Whole() {
		return errors.New("the header has the wrong form")
	}
	h.Created = time.Unix(0, int64(binary.LittleEndian.Uint64(created)))
	return nil
}

func (h *Header) check() error {
	if n := len(h.append(nil)); n > maxHeader {
		return fmt.Errorf("parfor: the names in a journal's header take %d bytes: at most %d", n, maxHeader)
	}
	return nil
}

// MismatchError is a journal that is of another loop. It Is [ErrMismatch].
type MismatchError struct {
	Path       string
	Field      string // what differs
	Have, Want string // in the file, and now
	Advice     string
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("parfor: the journal %s has another %s: %q, now it is %q: %s", e.Path, e.Field, e.Have, e.Want, e.Advice)
}

// Is says that it is an [ErrMismatch].
func (e *MismatchError) Is(target error) bool { return target == ErrMismatch }

// Check compares the header of the file at path with that of a loop which wants
// to resume from it. The error has a [*MismatchError] for each difference that
// forbids it; what a build did is not among them: sameBuild only says whether
// the program is the one that began the file.
//
// Nobody can tell whether the body still computes the same: a function that it
// calls may have changed, or a service that it asks. Who changes what a result
// means changes Version.
func (h *Header) Check(path string, want *Header) (sameBuild bool, err error) {
	const another = "give every loop a journal of its own"
	const types = "results of one type don't become another: name another file, or move this one away to begin anew"
	var all []error
	for _, f := range []struct{ field, have, want, advice string }{
		{"body", h.Name, want.Name, another},
		{"type of items", h.In, want.In, types},
		{"type of results", h.Out, want.Out, types},
		{"codec", h.Codec, want.Codec, types},
		{"version", h.Version, want.Version,
			"move the file away to run all items again, or go back to the version that the results are of"},
	} {
		if f.have != f.want {
			all = append(all, &MismatchError{path, f.field, f.have, f.want, f.advice})
		}
	}
	return h.Build == want.Build, errors.Join(all...)
}
