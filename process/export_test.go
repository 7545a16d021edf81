package process

// Finished sums the published results and the results read, over the workers
// that the pool has now.
func (p *Pool) Finished() (published, read uint64) {
	for _, o := range p.owners {
		o.reach.RLock()
		if o.proc != nil {
			for i := range o.pool.slots {
				published += o.proc.mem.Status(i).Finished.Load()
				read += o.proc.mem.Status(i).Read.Load()
			}
		}
		o.reach.RUnlock()
	}
	return published, read
}

// PIDs of the workers.
func (p *Pool) PIDs() (pids []int) {
	for _, o := range p.owners {
		if pid := o.pid.Load(); pid != 0 {
			pids = append(pids, int(pid))
		}
	}
	return pids
}
