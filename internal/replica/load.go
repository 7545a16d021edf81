package replica

import "sync/atomic"

func loadWord(p *uint64) uint64 { return atomic.LoadUint64(p) }
