package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// outage knows since when no server of the cluster can be reached.
type outage struct{ since atomic.Int64 } // Unix time in nanoseconds; 0: one can

// watch are the options of the connection that tell it. Say is told, too.
func (o *outage) watch(say func(string)) []nats.Option {
	return []nats.Option{
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil && o.since.CompareAndSwap(0, time.Now().UnixNano()) { // else it is us
				say("parfor: the cluster's server is away; waiting for it")
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			if o.since.Swap(0) != 0 {
				say("parfor: the cluster's server is back")
			}
		}),
	}
}

// lasts is for how long it has lasted.
func (o *outage) lasts() time.Duration {
	since := o.since.Load()
	if since == 0 {
		return 0
	}
	return time.Since(time.Unix(0, since))
}

// patience is for how long a run that is to end waits for servers that are away:
// they may elect a leader, or start again.
const patience = 10 * time.Second

// await waits, once a run is to end, for what agents still have of it: until they
// have said so, or for patience while no server is there to hear them. It returns
// when ended does.
func (f *far) await(ended context.Context, give func()) {
	begin, tick := time.Now(), time.NewTicker(100*time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ended.Done():
			return
		case <-tick.C:
			if min(f.away.lasts(), time.Since(begin)) >= patience {
				f.gaveUp.Store(true)
				give()
				return
			}
		}
	}
}

// inTime ends with the run's context, but later: when no word can be expected of
// what agents had when it ended. The returned func must be called when the loop is
// over.
func (f *far) inTime(ctx context.Context) (ended func()) {
	var give context.CancelFunc
	f.last, give = context.WithCancel(context.WithoutCancel(ctx))
	awaited := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(awaited)
		f.await(f.last, give)
	})
	return func() {
		give()
		if !stop() {
			<-awaited
		}
	}
}
