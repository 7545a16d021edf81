//go:build linux

package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"parfor.dev/parfor"
)

// account is what became of the items of a run.
type account struct {
	attempts, slots int
	enemy           *enemy

	mu       sync.Mutex
	ok       [stages]int
	failed   [stages]int
	tally    []struct{ committed, failed int } // by fault
	deaths   map[int]bool                      // pids that died of an item's own fault
	bystands []bystander
}

// bystander is an item that failed and committed no fault of its own.
type bystander struct {
	stage stage
	it    item
	err   error
}

func newAccount(p *plan, e *enemy) *account {
	return &account{attempts: p.attempts, slots: p.slots, enemy: e, deaths: map[int]bool{},
		tally: make([]struct{ committed, failed int }, len(faults))}
}

// verdict books one. An error says that it is wrong.
func (a *account) verdict(s stage, it item, right bool, err error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if it.Fault > 0 {
		a.tally[it.Fault-1].committed++
	}
	if err == nil {
		a.ok[s]++
		if !right {
			return fmt.Errorf("%v: a wrong result", it)
		}
		if it.Fault > 0 && a.attempts == 1 {
			return it.wrap(faults[it.Fault-1].told(nil, &it))
		}
		return nil
	}
	a.failed[s]++
	if it.Fault > 0 {
		a.tally[it.Fault-1].failed++
		if a.attempts == 1 && faults[it.Fault-1].told(err, &it) == nil {
			a.died(err)
			return nil
		}
	}
	a.bystands = append(a.bystands, bystander{s, it, err})
	return nil
}

func (it item) String() string {
	if it.Fault == 0 {
		return fmt.Sprintf("item %d", it.N)
	}
	return fmt.Sprintf("item %d, which was to commit %q", it.N, faults[it.Fault-1].name)
}

func (it item) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%v: %w", it, err)
}

func (a *account) died(err error) {
	var w *parfor.WorkerError
	if errors.As(err, &w) {
		a.deaths[w.PID] = true
	}
}

// settle explains the items that failed for no fault of their own: each died in a
// worker that the enemy killed, or beside one that committed a fault, and no death
// cost more items than there are slots.
func (a *account) settle() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	cost := map[int]int{}
	for _, b := range a.bystands {
		var w *parfor.WorkerError
		if !errors.As(b.err, &w) {
			return fmt.Errorf("%v failed, and no worker died: %w", b.it, b.err)
		}
		mate := a.slots > 1 && a.deaths[w.PID]
		if !mate && !a.enemy.explains(w) {
			return fmt.Errorf("%v: nobody did that to worker %d: %w\n%s", b.it, w.PID, b.err, readable(w.Stderr))
		}
		cost[w.PID]++
	}
	for pid, n := range cost {
		most := a.slots * (a.enemy.blows[pid] + 1)
		if a.slots == 1 {
			most--
		}
		if n > most {
			return fmt.Errorf("the end of worker %d cost %d items, with %d slots and %d blows", pid, n, a.slots, a.enemy.blows[pid])
		}
	}
	return nil
}

// readable is the end of what a worker printed, without the noise.
func readable(s string) string {
	s = s[max(0, len(s)-20_000):]
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= ' ' && r < 127 {
			return r
		}
		return -1
	}, s)
}

// print says what was committed, and how often it was an item's end.
func (a *account) print() {
	for i, t := range a.tally {
		if t.committed > 0 {
			fmt.Printf("  %-10s %4d committed, %4d of their items failed\n", faults[i].name, t.committed, t.failed)
		}
	}
}
