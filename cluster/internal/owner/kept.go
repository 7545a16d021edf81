package owner

import (
	"fmt"
	"hash/maphash"

	"parfor.dev/parfor/cluster/internal/blob"
	"parfor.dev/parfor/cluster/internal/post"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/meter"
)

const (
	pageBytes = 256 << 10 // about how large a page of kept items grows
	pageRoom  = 1 << 10   // more than what is around an item takes there
	maxPages  = 4         // on their way, those of large items counted
)

// kept is what a loop with a name has in the cluster beside its log: all items,
// so that it can go on without those who began it, and all results.
type kept struct {
	lease   *lease
	feed    *feed
	seed    maphash.Seed
	items   map[int]uint64   // sums of the items in the cluster
	away    map[int]blob.Ref // those of them that are too large for a message
	results map[int][]byte   // of earlier runs, until they are reported
	ready   []*sent          // to be sent: their items are in the cluster
	pages   int              // on their way
	sealed  bool             // this run has said that all items are there
	good    int              // items with a result
	wrote   bool             // the log has changes of dictionaries
}

// recall remembers an item that is in the cluster.
func (k *kept) recall(it wire.Kept) {
	if !it.Away {
		k.note(it.Index, it.Bytes, nil)
	} else if ref, err := blob.Parse(it.Bytes); err == nil {
		k.away[it.Index] = ref
	}
}

// note remembers an item, and reports whether it was there before, as the same.
func (k *kept) note(index int, head, tail []byte) (known, same bool) {
	if ref, away := k.away[index]; away {
		return true, ref.Is(head, tail)
	}
	var h maphash.Hash
	h.SetSeed(k.seed)
	h.Write(head)
	h.Write(tail)
	sum := h.Sum64()
	before, known := k.items[index]
	if !known {
		k.items[index] = sum
	}
	return known, before == sum
}

// keep takes tasks from the job, and has their items stored before they are sent.
// What has a result from before is finished.
func (l *loop) keep() {
	k := l.kept
	for k.pages+l.stashing < maxPages && l.broken == nil {
		n, _ := l.job.Take(l.ts)
		if n == 0 {
			break
		}
		l.claim(l.ts[:n])
	}
	l.seal()
	for len(k.ready) > 0 && len(l.chunks) < l.window() {
		n := min(l.chunkSize(), len(k.ready))
		for i, s := range k.ready[:n] {
			l.ts[i] = s.task
		}
		k.ready = k.ready[n:]
		l.send(l.ts[:n])
	}
}

// claim claims tasks, and writes the items among them that are new to pages.
func (l *loop) claim(ts []engine.Task) {
	k := l.kept
	most := int(l.owner.Link.NC.MaxPayload()) - pageRoom
	limit := min(most, pageBytes)
	var page []byte
	var group []*sent
	news, first := 0, 0
	flush := func() {
		if news > 0 {
			l.publishPage(group, page, first, news)
		} else {
			k.ready = append(k.ready, group...)
		}
		page, group, news = nil, nil, 0
	}
	for _, t := range ts {
		s := &sent{task: t, round: l.rounds[t.Index], asker: new(asker)}
		l.hold(s)
		head, tail, err := l.job.AppendItem(nil, t)
		if err != nil {
			l.finish(s, &engine.Outcome{Err: err, Start: meter.Now()})
			continue
		}
		known, same := k.note(t.Index, head, tail)
		switch {
		case known && !same:
			l.fail(fmt.Errorf("%w: item %d is another one", ErrMismatch, t.Index))
			return
		case !known && k.lease.record.Sealed:
			l.fail(fmt.Errorf("%w: it is over %d items, and here is item %d", ErrMismatch, k.lease.record.Items, t.Index))
			return
		case !known && len(head)+len(tail) > most:
			delete(k.items, t.Index) // until it is there
			l.keepAway(s, head, tail)
			continue
		case !known:
			if len(page)+len(head)+len(tail) > limit {
				flush()
			}
			if news == 0 {
				first = t.Index
			}
			page = wire.AppendKept(page, t.Index, false, head, tail)
			news++
		}
		if out, has := k.results[t.Index]; has {
			delete(k.results, t.Index)
			l.finish(s, &engine.Outcome{Out: out, Start: meter.Now(), Resumed: true})
			continue
		}
		group = append(group, s)
	}
	flush()
}

// keepAway stores an item that is too large for a page, then a page that says
// where it is.
func (l *loop) keepAway(s *sent, head, tail []byte) {
	k, index := l.kept, s.task.Index
	l.stash(s, head, tail, func(ref blob.Ref) {
		k.away[index] = ref
		l.publishPage([]*sent{s}, wire.AppendKept(nil, index, true, ref.Append(nil), nil), index, 1)
	})
}

// publishPage stores items, and has their tasks sent then.
func (l *loop) publishPage(group []*sent, page []byte, first, n int) {
	k, o := l.kept, l.owner
	subject := o.Link.Space.Items(l.id, first)
	m := message(subject, append(wire.AppendPageHead(make([]byte, 0, len(page)+wire.ChunkOverhead), n), page...), idHeader, subject+"."+l.id.String())
	k.pages++
	l.unstored++
	o.Link.Post.Send(m, func(_ post.Ack, err error) {
		l.put(func() {
			k.pages--
			l.unstored--
			if err != nil {
				l.fail(fmt.Errorf("%w: it took no more items: %w", ErrLost, err))
				return
			}
			for _, s := range group {
				if l.open[s.task.Index] == s {
					k.ready = append(k.ready, s)
				}
			}
		})
	})
}

// seal says, once, that all items are in the cluster.
func (l *loop) seal() {
	k := l.kept
	n := total(l.job)
	if k.sealed || n < 0 || k.pages > 0 || l.broken != nil {
		return
	}
	if err := sameLength(&k.lease.record, n); err != nil {
		l.fail(err)
		return
	}
	if len(k.items)+len(k.away) < n {
		return
	}
	k.sealed = true
	k.lease.set(func(r *wire.Lease) { r.Sealed, r.Items = true, uint64(n) })
}

// complete reports whether every item has a result: then nobody needs the loop.
func (l *loop) complete() bool { return total(l.job) >= 0 && l.kept.good == total(l.job) }

// free ends the listening, and sets the loop free for others.
func (k *kept) free(o *Owner) {
	k.stop()
	k.lease.mu.Lock()
	k.lease.record.Free = true
	k.lease.mu.Unlock()
	ctx, cancel := o.request()
	defer cancel()
	if err := k.lease.write(ctx); err != nil {
		o.complain(fmt.Errorf("parfor: the lease %s ends by itself: %w", k.lease.subject, err))
	}
}

// stop ends the listening.
func (k *kept) stop() {
	if k.feed != nil {
		k.feed.stop()
		k.feed = nil
	}
}
