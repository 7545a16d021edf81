package item

import (
	"strings"
	"testing"
)

func TestTotals(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "three", "a\nb\n\nc")
	for _, c := range []struct {
		specs []Spec
		want  int
		known bool
	}{
		{Specs([]string{"1..500"}), 500, true},
		{Specs([]string{"1..500", "0..1..0.1"}), 5500, true},
		{lists("::: a b ::: 1 2 3 :::+ x y z"), 6, true},
		{lists("::: a ::: "), 0, true},
		{Specs([]string{"1..3000000000", "1..3000000000", "1..3"}), 0, false},
		{Specs([]string{"-"}), 0, false},
		{append(Specs([]string{"-"}), lists(":::+ x y z")...), 3, true},
		{Specs([]string{"three"}), 0, false},
	} {
		s, err := Open(c.specs, Options{Stdin: strings.NewReader("1\n2\n3\n")})
		if err != nil {
			t.Fatal(err)
		}
		if n, known := s.Total(); n != c.want || known != c.known {
			// A file may be counted by the time it is asked for, but not before the first time.
			t.Errorf("%v: %d, %v", c.specs, n, known)
		}
		s.Close()
	}
}

// TestCountingStops closes a source while its file, far too long to be counted
// by then, is counted.
func TestCountingStops(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "long", strings.Repeat("x\n", 1<<20))
	s, err := Open(Specs([]string{"long", "./long"}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.Total()
	s.Close() // main_test sees a goroutine that goes on
	s.Total() // and begins nothing anew
}

func TestAFileGoneMeanwhileHasNoTotal(t *testing.T) {
	c := &counter{file: "no such file", count: countRaw}
	c.total()
	c.ended.Wait()
	if n, known := c.total(); known {
		t.Errorf("it has %d", n)
	}
}
