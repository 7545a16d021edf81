package oracle

// version is what a key was from one commit to the next.
type version struct {
	from uint64 // the commit that made it so
	by   int64  // how many results had been reported, that one included
	told int64
	ok   bool
}

// past is what a key was, oldest first. A read that no commit depends on may
// tell any of these but those that a task must not see any more.
type past struct {
	versions []version
	limit    int // length at which old versions are dropped
}

// horizon is how many reports a version is kept after it was superseded. Tasks
// that were taken earlier than that are not held to what they read.
const horizon = 20_000

const firstLimit = 256

func (p *past) now() version {
	if len(p.versions) == 0 {
		return version{}
	}
	return p.versions[len(p.versions)-1]
}

func (p *past) add(v version) {
	if was := p.now(); was.ok == v.ok && was.told == v.told {
		return
	}
	if len(p.versions) == 0 {
		p.versions = append(p.versions, version{})
	}
	p.versions = append(p.versions, v)
	if len(p.versions) > max(p.limit, firstLimit) {
		p.versions = append([]version(nil), p.versions[p.floor(v.by-horizon):]...)
		p.limit = 2 * len(p.versions)
	}
}

// floor is the oldest version that a task may see, which was taken after so
// many reports: all commits reported before are in it.
func (p *past) floor(reports int64) int {
	for i := len(p.versions) - 1; i > 0; i-- {
		if p.versions[i].by <= reports {
			return i
		}
	}
	return 0
}

// span is a range of commits: what was read was so after from, up to but not
// including to.
type span struct{ from, to uint64 }

// spans are when the key was as a read tells, as seen by a task taken after
// that many reports.
func (p *past) spans(dst []span, s *step, reports int64) []span {
	if len(p.versions) == 0 {
		if s.OK == 0 {
			dst = append(dst, span{0, forever})
		}
		return dst
	}
	for i := p.floor(reports); i < len(p.versions); i++ {
		v, to := p.versions[i], uint64(forever)
		if i+1 < len(p.versions) {
			to = p.versions[i+1].from
		}
		if v.ok == (s.OK == 1) && (s.Kind == has || !v.ok || v.told == s.Seen) {
			dst = append(dst, span{v.from, to})
		}
	}
	return dst
}

const forever = 1<<64 - 1

// common are the moments in both.
func common(a, b []span) (both []span) {
	for _, x := range a {
		for _, y := range b {
			if s := (span{max(x.from, y.from), min(x.to, y.to)}); s.from < s.to {
				both = append(both, s)
			}
		}
	}
	return both
}
