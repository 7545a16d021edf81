package agent

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/post"
	"parfor.dev/parfor/cluster/internal/wire"
)

const ttlHeader = "Nats-TTL"

// register puts the agent into the registry, and keeps it there.
func (a *Agent) register(ctx context.Context, lanes []*lane) error {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	e := wire.Entry{Host: host, PID: os.Getpid(), Slots: a.slots}
	for _, l := range lanes {
		e.Lanes = append(e.Lanes, l.name)
	}
	stored := make(chan error, 1)
	a.enter(&e, func(err error) { stored <- err })
	select {
	case err := <-stored:
		if err != nil {
			return fmt.Errorf("its place in the registry: %w", err)
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	a.running.Go(func() { a.renew(e) })
	return nil
}

// enter writes the entry, which is gone by itself when it isn't written again.
func (a *Agent) enter(e *wire.Entry, done func(error)) {
	m := nats.NewMsg(a.Link.Space.EntrySubject(a.id))
	m.Data = wire.AppendEntry(nil, e)
	m.Header.Set(ttlHeader, names.EntryLife.String())
	a.Link.Post.Send(m, func(_ post.Ack, err error) { done(err) })
}

func (a *Agent) renew(e wire.Entry) {
	every := time.NewTicker(names.RenewEvery)
	defer every.Stop()
	draining := a.ctx.Done()
	for {
		select {
		case <-every.C:
		case <-draining:
			draining, e.Draining = nil, true
		case <-a.quit:
			a.remove()
			return
		}
		a.enter(&e, func(error) {})
	}
}

// remove takes the entry out of the registry. It waits a moment for that.
func (a *Agent) remove() {
	m := nats.NewMsg(a.Link.Space.EntrySubject(a.id))
	m.Header.Set("KV-Operation", "PURGE")
	m.Header.Set("Nats-Rollup", "sub")
	m.Header.Set(ttlHeader, names.EntryLife.String())
	done := make(chan struct{})
	a.Link.Post.Send(m, func(post.Ack, error) { close(done) })
	select {
	case <-done:
	case <-time.After(time.Second): // it ends by itself
	}
}
