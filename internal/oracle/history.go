package oracle

import "fmt"

// step is one thing that a task did to a dictionary, or was told by it.
type step struct {
	Dict, Kind, Key, Val int64
	Seen                 int64 // the number of the value that was seen
	OK                   int64 // 1: the key was there, the claim is the task's
}

// What a task did to a key.
const (
	set = iota
	remove
	add
	addGet
	highest
	lowest
	join
	mix
	turn
	setDefault
	insert
	claim
	wipe // every key
	lastWrite

	get
	has
	many  // the next Val steps are reads of one moment
	size  // Seen is the number of entries
	whole // Seen is a number for all entries

	// What a task does with more than one step.
	readSet
	claimSet
	update
	setMany
	spread

	// Violations that a task sees itself.
	notYet   // the item Key was reported and is not committed
	unsealed // the context of a task that has ended still writes
)

var kindNames = map[int64]string{
	set: "Set", remove: "Delete", add: "Add", addGet: "AddGet", highest: "Max", lowest: "Min", join: "Append",
	mix: "Merge", turn: "Compute", setDefault: "SetDefault", insert: "Insert", claim: "Claim", wipe: "Clear",
	get: "Get", has: "Has", many: "GetMany", size: "Len", whole: "Snapshot",
}

// writes reports whether the step may change its key.
func (s *step) writes() bool { return s.Kind < lastWrite && (s.Kind != claim || s.OK == 1) }

func (s step) String() string {
	ok := ""
	if s.OK == 1 {
		ok = " true"
	}
	return fmt.Sprintf("%s %s(%d, %d) = %d%s", actorName(s.Dict), kindNames[s.Kind], s.Key, s.Val, s.Seen, ok)
}

// actorName is how a violation names a dictionary.
func actorName(id int64) string {
	if id < int64(len(names)) {
		return names[id]
	}
	return "?"
}

var names = []string{"numbers", "texts", "lists", "places"}

const stepSize = 6

// history is what a task did, in the form in which it travels.
type history []int64

func (h *history) add(s step) {
	*h = append(*h, s.Dict, s.Kind, s.Key, s.Val, s.Seen, s.OK)
}

func (h history) steps(dst []step) []step {
	for ; len(h) >= stepSize; h = h[stepSize:] {
		dst = append(dst, step{h[0], h[1], h[2], h[3], h[4], h[5]})
	}
	return dst
}

func truth(ok bool) int64 {
	if ok {
		return 1
	}
	return 0
}
