// Package oracle checks that loops which share dictionaries had the effects of
// some order of their tasks: the order of the commits. Tasks do operations at
// random and return what they did and what they were told; their results carry
// the numbers of their commits. A replay of all of them, one after the other,
// against plain maps has to tell the same, leave no number out, and end with
// what the dictionaries hold.
//
// body.go is what the tasks do, subject.go how they do it to one dictionary and
// history.go how they tell of it. model.go replays the histories in the order
// of their numbers, table.go what they did to one dictionary, and past.go knows
// what a dictionary was before, for reads that are not part of the commit.
// The live dictionaries, which have no commits, are checked in live_test.go.
package oracle

import (
	"fmt"
	"strconv"

	"parfor.dev/parfor/dict"
)

// Violation is what the oracle finds: something that the contract rules out.
type Violation struct{ Text string }

func (v *Violation) Error() string { return v.Text }

func violation(format string, args ...any) error {
	return &Violation{fmt.Sprintf(format, args...)}
}

// The dictionaries. All of them have numbers for keys, written in their own
// way; done holds the items whose tasks succeeded.
var (
	numbers = dict.New[int, int]("oracle numbers")
	texts   = dict.New[string, string]("oracle texts")
	lists   = dict.New[int, []int]("oracle lists")
	places  = dict.New[place, int]("oracle places")
	done    = dict.New[int, bool]("oracle done")
)

// place is a key of more than one word.
type place struct {
	Row, Column int
	Name        string
}

func placeOf(n int64) place { return place{int(n / 3), int(n % 3), "p" + strconv.Itoa(int(n%7))} }

func text(n int64) string { return strconv.FormatInt(n, 10) }

func number(n int64) int { return int(n) }

func numberOf(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// Functions for Merge and Compute. Their outcomes depend on the order in which
// they are applied, and Compute also removes keys.
func mixNumbers(old, v int) int { return old*31 + v }

func turnNumber(old int, ok bool, arg int64) (int, bool) {
	if ok && (int64(old)+arg)%5 == 0 {
		return 0, false
	}
	return old*3 + int(arg), true
}

func mixTexts(old, v string) string { return text(numberOf(old)*31 + numberOf(v)) }

func turnText(old string, ok bool, arg int64) (string, bool) {
	if ok && (numberOf(old)+arg)%5 == 0 {
		return "", false
	}
	return text(numberOf(old)*3 + arg), true
}

func mixLists(old, v []int) []int { return append(append([]int{}, v...), old...) }

func turnList(old []int, ok bool, arg int64) ([]int, bool) {
	switch {
	case !ok:
		return []int{int(arg)}, true
	case len(old) > 3:
		return append([]int{}, old[2:]...), true
	}
	return nil, false
}

var (
	_ = dict.RegisterMerge(mixNumbers)
	_ = dict.RegisterMerge(mixTexts)
	_ = dict.RegisterMerge(mixLists)
	_ = dict.RegisterCompute(turnNumber)
	_ = dict.RegisterCompute(turnText)
	_ = dict.RegisterCompute(turnList)
)

// listOf makes a list of a number, hashOf a number of a list.
func listOf(n int64) []int { return []int{int(n), int(n) + 1} }

func hashOf(list []int) int64 {
	h := int64(len(list))
	for _, v := range list {
		h = h*1_000_003 + int64(v)
	}
	return h
}
