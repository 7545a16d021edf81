package replica

// Bytes is the memory that a locked shard's entries take.
func (t *Words) Bytes(shard int) int {
	if s := t.shards[shard].seg.Load(); s != nil {
		n := s.size()
		s.eachRun(func(*run) bool { n += runSize; return true })
		return n
	}
	return 0
}
