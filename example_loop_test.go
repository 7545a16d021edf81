package parfor_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"

	"parfor.dev/parfor"
)

// square is the body of the examples.
func square(_ context.Context, n int) (int, error) { return n * n, nil }

// reciprocal fails for 0.
func reciprocal(_ context.Context, n int) (float64, error) {
	if n == 0 {
		return 0, errors.New("division by zero")
	}
	return 1 / float64(n), nil
}

func ExampleMap() {
	squares, err := parfor.Map(context.Background(), []int{1, 2, 3, 4}, square)
	fmt.Println(squares, err)
	// Output: [1 4 9 16] <nil>
}

// The first failure stops the loop. The error names the item, and what was
// finished is there.
func ExampleMap_error() {
	_, err := parfor.Map(context.Background(), []int{2, 4, 0, 8}, reciprocal, parfor.On(parfor.Sequential()))
	var task *parfor.TaskError
	fmt.Println(err)
	fmt.Println(errors.As(err, &task), task.Index)
	// Output:
	// parfor: item 2: division by zero
	// true 2
}

func ExampleEach() {
	words := []string{"loop", "task", "worker"}
	upper := make([]string, len(words))
	err := parfor.Each(context.Background(), parfor.Range(len(words)), func(_ context.Context, i int) error {
		upper[i] = strings.ToUpper(words[i])
		return nil
	})
	fmt.Println(upper, err)
	// Output: [LOOP TASK WORKER] <nil>
}

func ExampleEachFrom() {
	lines := bufio.NewScanner(strings.NewReader("loop\ntask\nworker\n"))
	var letters atomic.Int64
	err := parfor.EachFrom(context.Background(), func(yield func(string, error) bool) {
		for lines.Scan() {
			if !yield(lines.Text(), nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield("", err) // ends the input; what was read is finished
		}
	}, func(_ context.Context, word string) error {
		letters.Add(int64(len(word)))
		return nil
	})
	fmt.Println(letters.Load(), err)
	// Output: 14 <nil>
}

func ExampleFor() {
	squares := make([]int, 8)
	err := parfor.For(context.Background(), len(squares), func(i int) { squares[i] = i * i })
	fmt.Println(squares, err)
	// Output: [0 1 4 9 16 25 36 49] <nil>
}

func ExampleRange() {
	fmt.Println(parfor.Range(5))
	// Output: [0 1 2 3 4]
}

func ExampleByKey() {
	lengths, err := parfor.ByKey(context.Background(), []string{"go", "loop", "dictionary"},
		func(_ context.Context, word string) (int, error) { return len(word), nil })
	fmt.Println(lengths, err)
	// Output: map[dictionary:10 go:2 loop:4] <nil>
}

func ExampleAssociate() {
	byInitial, err := parfor.Associate(context.Background(), []string{"go", "loop", "dictionary"},
		func(_ context.Context, word string) (parfor.KV[string, string], error) {
			return parfor.KV[string, string]{Key: word[:1], Value: word}, nil
		})
	fmt.Println(byInitial, err)
	// Output: map[d:dictionary g:go l:loop] <nil>
}

func ExampleOnDuplicate() {
	words := []string{"loop", "list", "go"}
	initial := func(_ context.Context, word string) (parfor.KV[string, string], error) {
		return parfor.KV[string, string]{Key: word[:1], Value: word}, nil
	}
	_, err := parfor.Associate(context.Background(), words, initial)
	fmt.Println(err)
	last, err := parfor.Associate(context.Background(), words, initial, parfor.OnDuplicate(parfor.KeepLast))
	fmt.Println(last, err)
	// Output:
	// parfor: Associate: items 0 and 1 returned the same key: say OnDuplicate(KeepFirst) or OnDuplicate(KeepLast)
	// map[g:go l:list] <nil>
}

func ExampleStream() {
	sum := 0
	for r, err := range parfor.Stream(context.Background(), slices.Values([]int{1, 2, 3, 4}), square) {
		if err != nil {
			fmt.Println(err)
			return
		}
		sum += r.Out
	}
	fmt.Println(sum)
	// Output: 30
}

// A source can be infinite: items are taken only as the loop gets to them, and
// breaking out of the range stops it.
func ExampleStream_infinite() {
	var numbers iter.Seq[int] = func(yield func(int) bool) {
		for n := 1; yield(n); n++ {
		}
	}
	for r, err := range parfor.Stream(context.Background(), numbers, square, parfor.InOrder()) {
		if err != nil || r.Out > 50 {
			break
		}
		fmt.Print(r.Out, " ")
	}
	fmt.Println()
	// Output: 1 4 9 16 25 36 49
}

func ExampleStreamFrom() {
	lines := func(yield func(int, error) bool) {
		if yield(1, nil) && yield(2, nil) {
			yield(0, errors.New("unexpected end of file"))
		}
	}
	for r, err := range parfor.StreamFrom(context.Background(), lines, square, parfor.InOrder()) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(r.Index, r.Out)
	}
	// Output:
	// 0 1
	// 1 4
	// parfor: loop ended early: source: unexpected end of file
}

func ExampleSequential() {
	err := parfor.Each(context.Background(), []string{"one", "after", "another"}, func(_ context.Context, word string) error {
		fmt.Println(word)
		return nil
	}, parfor.On(parfor.Sequential()))
	fmt.Println(err)
	// Output:
	// one
	// after
	// another
	// <nil>
}

// One limit for all loops that share the executor, also for one inside another.
func ExampleGoroutines() {
	four := parfor.Goroutines(4)
	defer four.Close()
	rows, err := parfor.Map(context.Background(), parfor.Range(3), func(ctx context.Context, row int) ([]int, error) {
		return parfor.Map(ctx, []int{row, row + 1, row + 2}, square, parfor.On(four))
	}, parfor.On(four))
	fmt.Println(rows, err)
	// Output: [[0 1 4] [1 4 9] [4 9 16]] <nil>
}

func ExampleFailed() {
	_, err := parfor.Map(context.Background(), []int{1, 0, 2, 0}, reciprocal, parfor.KeepGoing())
	fmt.Println(parfor.Failed(err))
	// Output: map[1:division by zero 3:division by zero]
}

func ExampleLoopError() {
	out, err := parfor.Map(context.Background(), []int{1, 0, 2, 0}, reciprocal, parfor.KeepGoing())
	var loop *parfor.LoopError
	if errors.As(err, &loop) {
		fmt.Println(loop)
		for i, v := range out {
			fmt.Println(i, v, loop.Done(i))
		}
	}
	// Output:
	// parfor: 2 of 4 failed: division by zero ×2 (items 1, 3)
	// 0 1 true
	// 1 0 false
	// 2 0.5 true
	// 3 0 false
}

// Word counts: a map for each item, one map in the end.
func ExampleReduce() {
	lines := []string{"a loop in line", "a loop on goroutines", "in line"}
	counts, err := parfor.Reduce(context.Background(), lines,
		func(_ context.Context, line string) (map[string]int, error) {
			m := map[string]int{}
			for word := range strings.FieldsSeq(line) {
				m[word]++
			}
			return m, nil
		},
		func(a, b map[string]int) map[string]int {
			for word, n := range b {
				a[word] += n
			}
			return a
		})
	fmt.Println(counts, err)
	// Output: map[a:2 goroutines:1 in:2 line:2 loop:2 on:1] <nil>
}

// A sum of floats depends on its order. InOrder makes it the sum that a plain
// loop would have, on every executor.
func ExampleReduce_inOrder() {
	sum, err := parfor.Reduce(context.Background(), []float64{1e16, 1, -1e16, 1},
		func(_ context.Context, x float64) (float64, error) { return x, nil },
		func(a, b float64) float64 { return a + b }, parfor.InOrder())
	fmt.Println(sum, err)
	// Output: 1 <nil>
}
