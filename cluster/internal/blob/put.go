package blob

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor/cluster/internal/link"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/post"
)

const (
	pieceBytes = 512 << 10
	inFlight   = 8 // pieces that the stream has not confirmed: 4 MiB of memory
	headerRoom = 256
)

// Put stores bytes, head and tail, under a new name that begins with prefix. It
// blocks until the stream has all of them, however long no server is there, or
// ctx ends; then what was stored of them stays, for who removes it by the loop. The
// bytes must not change before it returns.
func Put(ctx context.Context, l *link.Link, id names.Loop, prefix string, head, tail []byte) (Ref, error) {
	size := len(head) + len(tail)
	each := min(pieceBytes, int(l.NC.MaxPayload())-headerRoom)
	r := Ref{Name: prefix + "-" + strconv.FormatUint(rand.Uint64(), 36), Size: size, Pieces: (size + each - 1) / each,
		Sum: sum(head, tail)}
	s := sending{l: l, answers: make(chan error, inFlight)}
	for n := range r.Pieces {
		if err := s.wait(ctx, inFlight-1); err != nil {
			return r, s.failed(id, r, err)
		}
		m := nats.NewMsg(l.Space.Piece(id, r.Name, n))
		m.Header.Set("Nats-Msg-Id", m.Subject)
		m.Data = cut(head, tail, n*each, min(size, (n+1)*each))
		l.Post.Send(m, func(_ post.Ack, err error) { s.answers <- err })
		s.open++
	}
	if err := s.wait(ctx, 0); err != nil {
		return r, s.failed(id, r, err)
	}
	return r, nil
}

// sending is what is on its way.
type sending struct {
	l       *link.Link
	open    int
	answers chan error // has room for all that is open
}

// wait waits until no more pieces than that are open.
func (s *sending) wait(ctx context.Context, most int) error {
	for s.open > most {
		select {
		case err := <-s.answers:
			if s.open--; err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// failed has nothing sent again: it would come after who removes the object.
func (s *sending) failed(id names.Loop, r Ref, err error) error {
	s.l.Post.Withdraw(strings.TrimSuffix(s.l.Space.PiecesOf(id, r.Name), ">"), err)
	return fmt.Errorf("parfor: the cluster did not take %d bytes: %w", r.Size, err)
}

// cut copies from lo to before hi of head and tail: the post may send a piece
// again when the bytes are no longer the caller's to lend.
func cut(head, tail []byte, lo, hi int) []byte {
	n := len(head)
	b := append(make([]byte, 0, hi-lo), head[min(lo, n):min(hi, n)]...)
	return append(b, tail[max(lo, n)-n:max(hi, n)-n]...)
}
