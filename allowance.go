package parfor

import "sync"

// allowance counts the further attempts that a loop has left: see
// [AttemptBudget]. The nil one has no end.
type allowance struct {
	ratio float64

	mu      sync.Mutex
	left    float64
	decided map[int]decision // by item: of its last failed attempt
}

type decision struct {
	attempt int
	yes     bool
}

// reserve are the further attempts that a loop has before anything was tried.
const reserve = 10

func newAllowance(ratio float64) *allowance {
	if ratio == 0 {
		return nil
	}
	return &allowance{ratio: ratio, left: reserve, decided: map[int]decision{}}
}

// allows takes a further attempt out of the budget, once for each failed attempt
// of an item.
func (a *allowance) allows(index, attempt int) bool {
	if a == nil {
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if d, has := a.decided[index]; has && d.attempt == attempt {
		return d.yes
	}
	if attempt == 1 {
		a.earn()
	}
	d := decision{attempt, a.left >= 1}
	if d.yes {
		a.left--
	}
	a.decided[index] = d
	return d.yes
}

// earn adds what one item is worth.
func (a *allowance) earn() { a.left = min(a.left+a.ratio, reserve+100*a.ratio) }

// done forgets an item that has ended with the given attempt.
func (a *allowance) done(index, attempt int) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if attempt == 1 {
		if _, failed := a.decided[index]; !failed {
			a.earn()
		}
	}
	delete(a.decided, index)
}
