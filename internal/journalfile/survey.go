package journalfile

// place is where the last record of a key lies.
type place struct {
	at, size int64
	dead     int64 // bytes of it that a later record of the key makes dead
}

// contents is what a scan of all records found.
type contents struct {
	*scanner
	index   map[Key]place
	order   order // pieces of a base that isn't whole don't count, they are cut off
	commits int
	base    bool
	lastEnd int64 // offset of the last record if that is an End, else 0
	end     int64 // of the last whole record
	dead    int64 // bytes that a compaction would save
}

// survey scans all records, and hands them to each if that is not nil.
func survey(s *scanner, each func(*Record) error) (*contents, error) {
	c := &contents{scanner: s, index: map[Key]place{}}
	end, err := s.records(func(at int64, r *Record) error {
		c.add(at, s.at-at, r)
		if each != nil {
			return each(r)
		}
		return nil
	})
	c.end = end
	return c, err
}

func (c *contents) add(at, size int64, r *Record) {
	if c.lastEnd != 0 {
		c.dead += frameHead
		c.lastEnd = 0
	}
	switch r.Kind {
	case KindBase:
		c.base = r.Base.Last
	case KindEnd:
		c.lastEnd = at
	case KindDone:
		if old, ok := c.index[r.Done.Key]; ok {
			c.dead += old.dead
		}
		p := place{at: at, size: size, dead: size}
		if len(r.Done.Writes) > 0 {
			p.dead = int64(len(r.Done.Result)) // what it wrote stays
		}
		c.index[r.Done.Key] = p
		c.commits++
	}
	c.order.begun = c.order.begun || c.base || r.Kind != KindBase
}

// worthwhile is the rule by which Open compacts.
func (c *contents) worthwhile() bool { return c.end > 1<<20 && c.dead > c.end/2 }

func (c *contents) found(s *scanner) Found {
	return Found{
		Header: s.header, Items: len(c.index), Commits: c.commits,
		Base: c.base, Ended: c.lastEnd != 0, Torn: s.size - c.end,
	}
}
