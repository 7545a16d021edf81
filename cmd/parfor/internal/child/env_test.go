package child

import (
	"slices"
	"strings"
	"testing"
)

func TestEnvironment(t *testing.T) {
	first := own()[0]
	name, _, _ := strings.Cut(first, "=")
	all := environment([]string{"PF_X=1", name + "=new", "PF_X=2", "PF_XY=3"})
	if slices.Contains(all, first) || slices.Contains(all, "PF_X=1") {
		t.Errorf("replaced entries are there: %q", all)
	}
	for _, e := range []string{name + "=new", "PF_X=2", "PF_XY=3"} {
		if !slices.Contains(all, e) {
			t.Errorf("without %s", e)
		}
	}
	if len(all) != len(own())+2 {
		t.Errorf("%d entries of %d and 2 new", len(all), len(own()))
	}
}
