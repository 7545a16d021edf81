package child

import "testing"

func TestLivesIn(t *testing.T) {
	for _, c := range []struct {
		stat string
		want bool
	}{
		{"12 (sh) S 1 12 12 0", true},
		{"12 (a) Z 1 12) S 1 99 12 0", false},
		{"12 (a) Z 1 99) S 1 12 12 0", true},
		{"12 (sh) Z 1 12 12 0", false},
		{"12 (sh) X 1 12 12 0", false},
		{"12 (sh) T 1 12 12 0", true},
		{"12 (sh) S 1 1 12 0", false},
		{"12 (sh) S", false},
		{"", false},
	} {
		if got := livesIn([]byte(c.stat), 12); got != c.want {
			t.Errorf("%q: %v", c.stat, got)
		}
	}
}

func FuzzLivesIn(f *testing.F) {
	f.Add([]byte("12 (sh) S 1 12 12 0"))
	f.Fuzz(func(t *testing.T, stat []byte) {
		if livesIn(stat, 12) && livesIn(stat, 13) {
			t.Errorf("%q is in two groups", stat)
		}
	})
}
