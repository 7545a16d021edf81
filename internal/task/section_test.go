package task

import (
	"sync"
	"testing"
)

// TestSectionExcludes has the owner enter all the time while others come at
// any moment: nobody's increment may be lost.
func TestSectionExcludes(t *testing.T) {
	const rounds, others, each, own = 300, 3, 20, 2000
	for range rounds {
		var s section
		var wg sync.WaitGroup
		n := 0
		once := func() {
			alone := s.enter()
			n++
			s.leave(alone)
		}
		s.own()
		for range others {
			wg.Go(func() {
				for range each {
					once()
				}
			})
		}
		for range own {
			once()
		}
		wg.Wait()
		if want := own + others*each; n != want {
			t.Fatalf("%d of %d increments", n, want)
		}
	}
}

// TestSectionAlone is the way without a lock, where there is one.
func TestSectionAlone(t *testing.T) {
	var s section
	s.own()
	if alone := s.enter(); alone != biased {
		t.Errorf("the owner is alone: %v", alone)
	} else {
		s.leave(alone)
	}
	done := make(chan bool)
	go func() {
		alone := s.enter()
		s.leave(alone)
		done <- alone
	}()
	if <-done {
		t.Error("another goroutine entered as the owner")
	}
	if alone := s.enter(); alone {
		t.Error("the owner is alone, though another has come")
	} else {
		s.leave(alone)
	}
	var none section
	if none.enter() {
		t.Error("a section without an owner has one")
	}
}

func BenchmarkSection(b *testing.B) {
	b.Run("owner", func(b *testing.B) {
		var s section
		s.own()
		for b.Loop() {
			s.leave(s.enter())
		}
	})
	b.Run("mutex", func(b *testing.B) {
		var s section
		for b.Loop() {
			s.leave(s.enter())
		}
	})
}
