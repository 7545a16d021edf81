//go:build !amd64 || race

package replica

import "sync/atomic"

// storeWord stores a word that readers in other goroutines and processes load
// atomically, after all words stored before.
func storeWord(p *uint64, v uint64) { atomic.StoreUint64(p, v) }
