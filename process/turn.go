package process

import "sort"

// Jobs that may have tasks stand in a queue. One that gave a batch goes to its
// end; a look at one that came to nothing, for want of room or of a grant, leaves
// it where it is. So loops of equal tasks progress alike.

// look is how far an owner has come in a walk along the queue. It goes by places
// and not by counts, since others change the queue meanwhile: what stood there
// when the walk began is looked at, unless it gave a batch to somebody else, who
// then wakes those that have room; and who comes later wakes them too.
type look struct{ after, last uint64 }

// next gives the job to look at, how often it was woken, and how many jobs there
// are.
func (p *Pool) next(l *look) (a *attachment, wakes uint64, jobs int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return nil, 0, 0
	}
	if l.last == 0 {
		l.last = p.places
	}
	i := p.at(l.after + 1)
	if i == len(p.turn) || p.turn[i].place > l.last {
		return nil, 0, len(p.turn)
	}
	a = p.turn[i]
	l.after = a.place
	return a, a.wakes, len(p.turn)
}

// at is the index of the first job whose place is not before that one. The lock
// is held, as below.
func (p *Pool) at(place uint64) int {
	return sort.Search(len(p.turn), func(i int) bool { return p.turn[i].place >= place })
}

// queue puts a job at the end.
func (p *Pool) queue(a *attachment) {
	p.places++
	a.place = p.places
	p.turn = append(p.turn, a)
}

// leave takes a job out.
func (p *Pool) leave(a *attachment) {
	i := p.at(a.place)
	copy(p.turn[i:], p.turn[i+1:])
	p.turn[len(p.turn)-1] = nil
	p.turn = p.turn[:len(p.turn)-1]
}

// rest takes a job out of turn.
func (p *Pool) rest(a *attachment) {
	if a.active {
		a.active = false
		p.leave(a)
	}
}

// gave ends the turn of a job that gave a batch.
func (p *Pool) gave(a *attachment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a.active && len(p.turn) > 1 {
		p.leave(a)
		p.queue(a)
	}
}

// sleepy takes a job that had nothing to give out of turn, unless it was woken
// meanwhile.
func (p *Pool) sleepy(a *attachment, wakes uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a.wakes == wakes {
		p.rest(a)
	}
}
