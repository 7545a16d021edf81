package link

import (
	"context"

	"github.com/nats-io/nats.go/jetstream"
)

// Remove removes everything that the loops of a program have in the streams, or
// all runs of a loop with a name. Its lease goes last: until then whoever wants
// the name waits.
func (l *Link) Remove(ctx context.Context, program string) error {
	for _, what := range []struct{ stream, subject string }{
		{l.Space.Tasks(), l.Space.ChunksFor(program)},
		{l.Space.Results(), l.Space.ResultsFor(program)},
		{l.Space.Blobs(), l.Space.BlobsFor(program)},
		{l.Space.Loops(), l.Space.RecordsFor(program)},
	} {
		s, err := l.JS.Stream(ctx, what.stream)
		if err == nil {
			err = s.Purge(ctx, jetstream.WithPurgeSubject(what.subject))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
