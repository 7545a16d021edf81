package names

import (
	"strings"
	"testing"
)

func TestSubjects(t *testing.T) {
	s, l := Space("default"), Loop{"p1", 7}
	if got, n, ok := s.ChunkAt(s.Chunk("post-x", l, 12)); got != l || n != 12 || !ok {
		t.Errorf("%v, %d, %v", got, n, ok)
	}
	if got, ok := s.ResultAt(s.Result(l, 3, 1)); got != l || !ok {
		t.Errorf("%v, %v", got, ok)
	}
	if got, ok := ParseLoop(l.String()); got != l || !ok {
		t.Errorf("%v, %v", got, ok)
	}
	for _, bad := range []string{"", "p1", "p1.", ".7", "p1.x", "p1.7.8", "pf.default.t.post-x.p1.7.x", "pf.other.t.post-x.p1.7.1"} {
		if _, ok := ParseLoop(bad); ok {
			t.Errorf("%q is a loop", bad)
		}
		if _, _, ok := s.ChunkAt(bad); ok {
			t.Errorf("%q is a chunk", bad)
		}
	}
}

func FuzzSubjects(f *testing.F) {
	f.Add("pf.default.t.post-x.p1.7.1")
	f.Add("pf.default.r.p1.7.1.0")
	f.Fuzz(func(t *testing.T, subject string) {
		Space("default").ChunkAt(subject)
		Space("default").ResultAt(subject)
	})
}

// A function of another program, build or version has another lane; a version
// stands for program and build.
func TestLanes(t *testing.T) {
	lane := func(path, build, version, f string) string { return Program{path, build, version}.Lane(f) }
	same := lane("example.org/a", "1", "", "main.post")
	for _, other := range []string{lane("example.org/b", "1", "", "main.post"), lane("example.org/a", "2", "", "main.post"),
		lane("example.org/a", "1", "", "main.get"), lane("example.org/a", "1", "v1", "main.post")} {
		if other == same {
			t.Errorf("%s is shared", other)
		}
	}
	if a, b := lane("example.org/a", "1", "v1", "post"), lane("example.org/b", "2", "v1", "post"); a != b {
		t.Errorf("%s and %s should be one", a, b)
	}
	if (Program{Version: "v1"}).Shares("main.post") || !(Program{Version: "v1"}).Shares("post") || !(Program{}).Shares("main.post") {
		t.Error("what is called main.… is shared, or what isn't is not")
	}
	if lane := (Program{}).Lane("example.org/x.y/z.Fn*é"); lane[:6] != "z_Fn__" {
		t.Error(lane)
	}
}

func TestSelf(t *testing.T) {
	p, err := Self("")
	if err != nil || p.Build == "" || p.Path == "" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestSpaces(t *testing.T) {
	for name, ok := range map[Space]bool{"default": true, "a-1": true, "": false, "A": false, "a.b": false, "a*": false} {
		if (name.Check() == nil) != ok {
			t.Errorf("%q: %v", name, name.Check())
		}
	}
}

// A loop with a name has no more than one, and no program's own loops.
func TestNamed(t *testing.T) {
	for _, name := range []string{"", "a.b", "a b", "*", ">", "=", strings.Repeat("a", 65)} {
		if _, err := Named(name, 1); err == nil {
			t.Errorf("%q is a name", name)
		}
	}
	l, err := Named("nightly-7_B", 5)
	if err != nil {
		t.Fatal(err)
	}
	if again, ok := ParseLoop(l.String()); !ok || again != l || l.Shared().Run != 0 {
		t.Errorf("%v, %v", again, l.Shared())
	}
	s := Space("a")
	if p, ok := s.LeaseOf(s.Lease(l.Program)); !ok || p != l.Program {
		t.Error(p)
	}
	if !s.IsItems(s.Items(l, 7)) || s.IsItems(s.Log(l.Shared())) || s.IsItems(s.Spec(l)) {
		t.Error("what is a page of items, and what isn't")
	}
}
