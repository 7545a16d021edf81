package blob_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/embed"
	"parfor.dev/parfor/cluster/internal/blob"
	"parfor.dev/parfor/cluster/internal/link"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

func lab(t *testing.T) *link.Link {
	s, err := embed.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	l, err := link.Dial(t.Context(), link.Config{URL: s.URL(), Space: "default"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

var id = names.Loop{Program: "p", Run: 1}

const piece = 512 << 10

func bytesOf(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}

func TestPutGet(t *testing.T) {
	l := lab(t)
	for _, n := range []int{1, piece - 1, piece, piece + 1, 10*piece + 7} {
		b := bytesOf(n)
		for _, at := range []int{0, n / 3, n} { // where the head ends
			r, err := blob.Put(t.Context(), l, id, "a1", b[:at], b[at:])
			if err != nil {
				t.Fatal(err)
			}
			if r, err = blob.Parse(r.Append(nil)); err != nil {
				t.Fatal(err)
			}
			got, err := blob.Get(t.Context(), l, id, r)
			if err != nil || !bytes.Equal(got, b) {
				t.Errorf("%d bytes: %d, %v", n, len(got), err)
			}
			if err := blob.Drop(t.Context(), l, id, r); err != nil {
				t.Error(err)
			}
		}
	}
	if n := left(t, l); n != 0 {
		t.Errorf("%d pieces are left", n)
	}
}

// What is gone, or another's, is found out; what another loop has stays.
func TestMissing(t *testing.T) {
	l := lab(t)
	other := names.Loop{Program: "p", Run: 2}
	kept, err := blob.Put(t.Context(), l, other, "a1", bytesOf(3), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := blob.Put(t.Context(), l, id, "a1", bytesOf(2*piece), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.JS.Publish(t.Context(), l.Space.Piece(id, r.Name, 1), make([]byte, piece)); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.Get(t.Context(), l, id, r); !errors.Is(err, blob.ErrMissing) {
		t.Errorf("a damaged one: %v", err)
	}
	if err := blob.DropAll(t.Context(), l, id); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.Get(t.Context(), l, id, r); !errors.Is(err, blob.ErrMissing) {
		t.Errorf("one that was removed: %v", err)
	}
	if b, err := blob.Get(t.Context(), l, other, kept); err != nil || len(b) != 3 {
		t.Errorf("one of another loop: %v", err)
	}
}

// Put ends with its context, while the stream takes nothing.
func TestPutIsCancelled(t *testing.T) {
	l := lab(t)
	if err := l.JS.DeleteStream(t.Context(), l.Space.Blobs()); err != nil {
		t.Fatal(err)
	}
	mind := errors.New("changed my mind")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Millisecond, mind)
	defer cancel()
	if _, err := blob.Put(ctx, l, id, "a1", bytesOf(20*piece), nil); !errors.Is(err, mind) {
		t.Errorf("got %v", err)
	}
	if err := l.Space.Ensure(t.Context(), l.JS, names.Store{}); err != nil { // now it would
		t.Fatal(err)
	}
	l.Post.Resend()
	if err := l.NC.Flush(); err != nil {
		t.Fatal(err)
	}
	if n := left(t, l); n != 0 {
		t.Errorf("%d pieces came after the end", n)
	}
}

func left(t *testing.T, l *link.Link) uint64 {
	s, err := l.JS.Stream(t.Context(), l.Space.Blobs())
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Info(t.Context(), jetstream.WithSubjectFilter(l.Space.BlobsOf(id)))
	if err != nil {
		t.Fatal(err)
	}
	return uint64(len(info.State.Subjects))
}

func FuzzParse(f *testing.F) {
	f.Add(blob.Ref{Name: "a1-x", Size: 7, Pieces: 2, Sum: 9}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := blob.Parse(b)
		if err != nil {
			if !errors.Is(err, blob.ErrMissing) {
				t.Error(err)
			}
			return
		}
		if again, err := blob.Parse(r.Append(nil)); err != nil || again != r {
			t.Errorf("%+v became %+v, %v", r, again, err)
		}
	})
}
