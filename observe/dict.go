package observe

// Dict is what happened to one dictionary since the loop began, by the loop
// and by everybody else meanwhile. The counters are those of package dict's
// Stats.
type Dict struct {
	Name string // full name

	Commits   int64 // that changed it
	Sets      int64 // operations committed, by kind
	Deletes   int64
	Adds      int64
	Others    int64
	Conflicts int64 // attempts that didn't commit, as what they had read here had changed
	Reads     int64 // of tasks in this process
	Entries   int   // now
	Memory    int64 // bytes of the entries now, where keys and values are numbers; else 0: not known
	Received  int64 // bytes of committed operations that came from worker processes
	Asked     int64 // questions of worker processes, a round trip each

	Hot []HotKey // keys with most conflicts, then most writes; at most 8
}

// HotKey is a key of which there were many conflicts or writes. Both are
// estimates; writes are sampled.
type HotKey struct {
	Hash      uint64 // tells keys apart within this process
	Key       string // "" unless the dictionary was made with dict.ShowKeys
	Conflicts int64
	Writes    int64
}

// Operations is how many operations were committed.
func (d Dict) Operations() int64 { return d.Sets + d.Deletes + d.Adds + d.Others }

// Contended reports whether conflicts exceed half of the commits: most of the
// work is done again, or fails.
func (d Dict) Contended() bool { return d.Conflicts >= 10 && 2*d.Conflicts > d.Commits }
