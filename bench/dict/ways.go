package main

import (
	"context"
	"fmt"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

var (
	numbers = dict.New[int, int]("numbers")
	texts   = dict.New[string, string]("texts")
)

// span is what one task does: N operations from Lo on, over Keys keys.
type span struct{ Lo, N, Keys int }

// spread visits all keys in an order that no cache foresees.
func (s span) spread(i int) int { return int(uint64(i) * 0x9E3779B1 % uint64(s.Keys)) }

func (s span) inOrder(i int) int { return i }

// way is a row of the table.
type way struct {
	row, name string
	op, kind  string // of the peers, none if they have no such row
	share     int    // of the operations: rows that are much slower do fewer
	body      func(context.Context, span) error
	warm      func(context.Context, span) error
	opts      []parfor.Option
	ready     func(ctx context.Context, n int)
	check     func(ctx context.Context, n int)
}

const value64 = "a value of sixty-four bytes, neither more nor less than that: ok"

func key(i int) string { return fmt.Sprintf("key %08d", i) }

func insertInts(ctx context.Context, s span) error {
	for i := s.Lo; i < s.Lo+s.N; i++ {
		if err := numbers.Set(ctx, i, i); err != nil {
			return err
		}
	}
	return nil
}

func insertTexts(ctx context.Context, s span) error {
	for i := s.Lo; i < s.Lo+s.N; i++ {
		if err := texts.Set(ctx, key(i), value64); err != nil {
			return err
		}
	}
	return nil
}

func readInts(ctx context.Context, s span) error        { return readNumbers(ctx, s, s.spread) }
func readIntsInOrder(ctx context.Context, s span) error { return readNumbers(ctx, s, s.inOrder) }

func readNumbers(ctx context.Context, s span, order func(int) int) error {
	for i := s.Lo; i < s.Lo+s.N; i++ {
		k := order(i)
		if v, ok, err := numbers.Get(ctx, k); v != k || !ok || err != nil {
			return fmt.Errorf("key %d reads %d, %v, %w", k, v, ok, err)
		}
	}
	return nil
}

func readTexts(ctx context.Context, s span) error        { return readStrings(ctx, s, s.spread) }
func readTextsInOrder(ctx context.Context, s span) error { return readStrings(ctx, s, s.inOrder) }

func readStrings(ctx context.Context, s span, order func(int) int) error {
	for i := s.Lo; i < s.Lo+s.N; i++ {
		if v, ok, err := texts.Get(ctx, key(order(i))); v != value64 || !ok || err != nil {
			return fmt.Errorf("%q, %v, %w", v, ok, err)
		}
	}
	return nil
}

func add(ctx context.Context, s span) error {
	for i := s.Lo; i < s.Lo+s.N; i++ {
		if err := numbers.Add(ctx, s.spread(i), 1); err != nil {
			return err
		}
	}
	return nil
}

func addFew(ctx context.Context, s span) error {
	for i := s.Lo; i < s.Lo+s.N; i++ {
		if err := numbers.Add(ctx, i%100, 1); err != nil {
			return err
		}
	}
	return nil
}

// getThenSet is the tutorial's d[k] = d[k] + 1.
func getThenSet(ctx context.Context, s span) error {
	for i := s.Lo; i < s.Lo+s.N; i++ {
		k := s.spread(i)
		v, _, err := numbers.Get(ctx, k)
		if err != nil {
			return err
		}
		if err := numbers.Set(ctx, k, v+1); err != nil {
			return err
		}
	}
	return nil
}

var (
	_ = parfor.RegisterEach(insertInts)
	_ = parfor.RegisterEach(insertTexts)
	_ = parfor.RegisterEach(readInts)
	_ = parfor.RegisterEach(readTexts)
	_ = parfor.RegisterEach(readIntsInOrder)
	_ = parfor.RegisterEach(readTextsInOrder)
	_ = parfor.RegisterEach(add)
	_ = parfor.RegisterEach(addFew)
	_ = parfor.RegisterEach(getThenSet)
)

var ways = []way{
	{row: "insert", name: "insert, int → int", op: "insert", kind: "int", body: insertInts, ready: empty, check: entries(numbers)},
	{row: "insert", name: "insert, string → 64 B", op: "insert", kind: "text", body: insertTexts, ready: empty, check: entries(texts)},
	{row: "read", name: "read in order, int → int", op: "scan", kind: "int", body: readIntsInOrder, warm: readInts, ready: fill, check: nothing},
	{row: "read", name: "read at random, int → int", op: "read", kind: "int", body: readInts, warm: readInts, ready: fill, check: nothing},
	{row: "read", name: "read in order, string → 64 B", op: "scan", kind: "text", body: readTextsInOrder, warm: readTexts, ready: fill, check: nothing},
	{row: "read", name: "read at random, string → 64 B", op: "read", kind: "text", body: readTexts, warm: readTexts, ready: fill, check: nothing},
	{row: "add", name: "add, all keys", op: "add", kind: "int", body: add, ready: empty, check: total},
	{row: "add", name: "add, 100 keys", op: "few", kind: "int", body: addFew, ready: empty, check: total},
	{row: "increment", name: "Get then Set, all keys", share: 10, body: getThenSet, ready: empty, check: total,
		opts: []parfor.Option{parfor.OnConflict(parfor.Rerun)}},
}

func empty(ctx context.Context, n int) {
	must(numbers.Clear(ctx))
	must(texts.Clear(ctx))
}

func fill(ctx context.Context, n int) {
	if have, _ := numbers.Len(ctx); have == n {
		return
	}
	for i := range n {
		must(numbers.Set(ctx, i, i))
		must(texts.Set(ctx, key(i), value64))
	}
}

func nothing(context.Context, int) {}

func entries[K comparable, V any](d *dict.Dict[K, V]) func(context.Context, int) {
	return func(ctx context.Context, n int) {
		if have, err := d.Len(ctx); have != n || err != nil {
			panic(fmt.Sprintf("%s has %d entries, want %d: %v", d.Name(), have, n, err))
		}
	}
}

func total(ctx context.Context, n int) {
	sum := 0
	for _, v := range numbers.All(ctx) {
		sum += v
	}
	if sum != n {
		panic(fmt.Sprintf("the sum is %d, want %d", sum, n))
	}
}
