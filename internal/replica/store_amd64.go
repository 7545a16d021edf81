//go:build amd64 && !race

package replica

// storeWord stores a word that readers in other goroutines and processes load
// atomically. On amd64 a plain store does: stores are seen in order, and the
// atomic one is an exchange that costs twenty cycles.
func storeWord(p *uint64, v uint64) { *p = v }
