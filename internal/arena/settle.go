package arena

// Settle gives what the file grew by since the last call huge pages, in the
// background: a reader of a large table then finds its way to a line through
// page tables that stay in its caches. It costs about 2 ms of a core per MiB,
// once, so it is called when worker processes begin to read and not while the
// file grows.
func (a *Arena) Settle() {
	if a.file == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	from, to := a.settled, a.head.size.Load()
	if from == to {
		return
	}
	a.settled = to
	a.settling.Go(func() {
		for at := from; at < to; at += hugePage {
			if !a.hole(at / hugePage) { // or its memory would come back
				collapse(a.mem[at:min(at+hugePage, to)])
			}
		}
	})
}

func (a *Arena) hole(page uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.holes[page]
}

// punch gives a block's memory back to the machine. a.mu is held.
func (a *Arena) punch(off, size uint64) {
	if a.holes == nil {
		a.holes = map[uint64]bool{}
	}
	for page := off / hugePage; page <= (off+size-1)/hugePage; page++ {
		a.holes[page] = true
	}
	punch(a.file, int64(off), int64(size))
}
