package process

// alone reports whether queueing ahead would break the cap of the loop.
func (o *owner) alone(a *attachment) bool {
	return a.capped && a.spec.Workers < o.pool.slots
}

// grant reserves a part of the loop's cap for n more tasks and returns for how
// many it got it. A worker with as many grants as slots may hold any number.
func (o *owner) grant(sh *share, n int) int {
	if !sh.capped {
		return n
	}
	for need := min(o.pool.slots, sh.held+n); sh.grants < need; sh.grants++ {
		if sh.spare.Add(-1) < 0 {
			sh.spare.Add(1)
			break
		}
	}
	if sh.grants >= o.pool.slots {
		return n
	}
	return sh.grants - sh.held
}

// settleGrants gives back what the share doesn't need, and wakes whoever may
// have been refused.
func (o *owner) settleGrants(sh *share) {
	if !sh.capped {
		return
	}
	held := sh.held
	if o.backlog.sh == sh {
		held += len(o.backlog.tasks)
	}
	extra := sh.grants - min(o.pool.slots, held)
	if extra > 0 {
		sh.grants -= extra
		sh.spare.Add(int64(extra))
		o.pool.wakeHungry()
	}
}
