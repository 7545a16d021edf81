package dict

import "testing"

// A body that reads a few keys in a loop must not gather sights for ever, and
// one that reads many must not spend its time on looking for repeated ones.
func TestRepeatedSightsAreDropped(t *testing.T) {
	for _, keys := range []int{2, 10, 500} {
		var s sights[int]
		for i := range 100_000 {
			s.add(i%keys, 7, true)
		}
		if n := len(s.log); n > 4*firstLimit {
			t.Errorf("%d sights of %d keys", n, keys)
		}
		s.unique()
		if len(s.log) != keys {
			t.Errorf("%d different sights of %d keys", len(s.log), keys)
		}
	}
	var s sights[int]
	for i := range 100_000 {
		s.add(i, uint64(i), true)
	}
	if len(s.log) != 100_000 {
		t.Errorf("%d sights of 100000 keys", len(s.log))
	}
	s.add(5, 6, true) // another value than was seen before: both must be kept
	s.unique()
	if len(s.log) != 100_001 {
		t.Errorf("%d sights, of which one key has two", len(s.log))
	}
}
