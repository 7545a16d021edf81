package process

import "testing"

// What a loop leaves behind is nothing that the next one gets: its context has
// ended, and the next one's has not, whatever was made ahead of it.
func TestPlainLoopsAreApart(t *testing.T) {
	var ls loops
	ls.init(1)
	for _, body := range []uint32{0, 0, 1, 0} {
		first, err := ls.acquire(7, body)
		if err != nil {
			t.Fatal(err)
		}
		ls.release(first)
		second, err := ls.acquire(8, body)
		if err != nil {
			t.Fatal(err)
		}
		if first == second || first.ctx.Err() == nil || second.ctx.Err() != nil {
			t.Errorf("%p ended with %v, %p with %v", first, first.ctx.Err(), second, second.ctx.Err())
		}
		if second.id != 8 || second.shared.Run != 8 || second.body != body || len(ls.known) != 1 {
			t.Errorf("%+v, of %d", second, len(ls.known))
		}
		ls.release(second)
	}
}
