package writeset

// All returns the stores that are known by their ids: those with a name, and
// those whose handles went to another process.
func All() (all []Store) {
	mu.RLock()
	defer mu.RUnlock()
	for _, p := range stores {
		if s := p.store(); s != nil {
			all = append(all, s)
		}
	}
	return all
}
