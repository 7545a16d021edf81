package blob

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/internal/link"
	"parfor.dev/parfor/cluster/internal/names"
)

const (
	askTime  = 5 * time.Second        // for one piece
	askPause = 200 * time.Millisecond // until it is asked for again
	// misses is how often a piece may not be there. A replica of the stream may be
	// behind its leader by a moment.
	misses = 5
)

// Get reads what a reference says. It blocks, however long no server is there,
// until it has all or ctx ends. The error is [ErrMissing] if the cluster has it
// no more.
func Get(ctx context.Context, l *link.Link, id names.Loop, r Ref) ([]byte, error) {
	s, err := stream(ctx, l)
	if err != nil {
		return nil, err
	}
	var b []byte // grows with what is there, not with what the reference claims
	for n := range r.Pieces {
		p, err := piece(ctx, s, l.Space.Piece(id, r.Name, n))
		if err != nil {
			return nil, fmt.Errorf("piece %d of %d of %s: %w", n+1, r.Pieces, r.Name, err)
		}
		if n == 0 && len(p) <= r.Size && r.Size <= len(p)*r.Pieces {
			b = make([]byte, 0, r.Size)
		}
		if len(b)+len(p) > r.Size {
			break
		}
		b = append(b, p...)
	}
	if len(b) != r.Size || crc32.Checksum(b, castagnoli()) != r.Sum {
		return nil, fmt.Errorf("%w: %s is damaged", ErrMissing, r.Name)
	}
	return b, nil
}

// stream opens the stream of pieces.
func stream(ctx context.Context, l *link.Link) (jetstream.Stream, error) {
	for {
		one, cancel := context.WithTimeout(ctx, askTime)
		s, err := l.JS.Stream(one, l.Space.Blobs())
		cancel()
		if err == nil {
			return s, nil
		}
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			return nil, fmt.Errorf("%w: %w", ErrMissing, err)
		}
		if err := pause(ctx); err != nil {
			return nil, err
		}
	}
}

func piece(ctx context.Context, s jetstream.Stream, subject string) ([]byte, error) {
	for missed := 0; ; {
		one, cancel := context.WithTimeout(ctx, askTime)
		m, err := s.GetLastMsgForSubject(one, subject)
		cancel()
		switch {
		case err == nil:
			return m.Data, nil
		case errors.Is(err, jetstream.ErrMsgNotFound):
			if missed++; missed == misses {
				return nil, fmt.Errorf("%w: %w", ErrMissing, err)
			}
		}
		if err := pause(ctx); err != nil {
			return nil, err
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(askPause):
		return nil
	}
}

// Drop removes one object.
func Drop(ctx context.Context, l *link.Link, id names.Loop, r Ref) error {
	return purge(ctx, l, l.Space.PiecesOf(id, r.Name))
}

// DropAll removes all objects of a loop.
func DropAll(ctx context.Context, l *link.Link, id names.Loop) error {
	return purge(ctx, l, l.Space.BlobsOf(id))
}

func purge(ctx context.Context, l *link.Link, subject string) error {
	s, err := l.JS.Stream(ctx, l.Space.Blobs())
	if err != nil {
		return err
	}
	return s.Purge(ctx, jetstream.WithPurgeSubject(subject))
}
