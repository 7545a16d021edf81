// Command wordcount counts the words of a text on worker processes, and notes
// the line in which each was first: once in a dictionary that all workers share,
// once in maps that are combined at the end. Both are equal.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log"
	"maps"
	"slices"
	"strings"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/process"
)

const text = `The ferry leaves the town at seven.
Fog lies on the river, and the bell of the ferry rings.
A dog waits on the bank; the dog knows the bell.
When the fog lifts the town is small,
and the river is as wide as the sky.
The dog sleeps. The bell rings again,
and on the other bank a second bell answers.
Nobody in the town has ever seen that bell.`

// tally is what is known about one word.
type tally struct{ Count, First int }

// both is what two tallies of a word are together. It runs where the dictionary
// is, when a task commits, on what is there then: no count is lost.
func both(a, b tally) tally {
	return tally{Count: a.Count + b.Count, First: min(a.First, b.First)}
}

type line struct {
	N    int
	Text string
}

func (l line) words() []string {
	return strings.FieldsFunc(strings.ToLower(l.Text), func(r rune) bool { return r < 'a' || r > 'z' })
}

var tallies = dict.New[string, tally]("tallies")

// share merges each word into the dictionary. In Python this is a lock around a
// read and a write, or lost counts.
func share(ctx context.Context, l line) error {
	for _, w := range l.words() {
		if err := tallies.Merge(ctx, w, both, tally{1, l.N}); err != nil {
			return err
		}
	}
	return nil
}

// count returns the words of one line.
func count(_ context.Context, l line) (map[string]tally, error) {
	own := map[string]tally{}
	for _, w := range l.words() {
		own[w] = tally{own[w].Count + 1, l.N}
	}
	return own, nil
}

var (
	_ = dict.RegisterMerge(both)
	_ = parfor.RegisterEach(share)
	_ = parfor.Register(count)
)

func main() {
	flag.Parse()
	process.Main()
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 2)
	check(err)
	defer pool.Close()
	var lines []line
	for l := range strings.Lines(text) {
		lines = append(lines, line{len(lines) + 1, l})
	}

	check(parfor.Each(ctx, lines, share, parfor.On(pool)))
	shared, err := tallies.Snapshot(ctx)
	check(err)

	combined, err := parfor.Reduce(ctx, lines, count, func(a, b map[string]tally) map[string]tally {
		return dict.Merge(both, a, b)
	}, parfor.On(pool))
	check(err)

	top := slices.SortedFunc(maps.Keys(shared), func(a, b string) int {
		return cmp.Or(shared[b].Count-shared[a].Count, strings.Compare(a, b))
	})
	for _, w := range top[:6] {
		fmt.Printf("%-6s %2d, first in line %d\n", w, shared[w].Count, shared[w].First)
	}
	fmt.Println("words:", len(shared))
	fmt.Println("combined at the end equals it:", maps.Equal(shared, combined))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
