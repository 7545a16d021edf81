package dict_test

import (
	"cmp"
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"parfor.dev/parfor/dict"
)

// steps are operations with their models.
type steps[K comparable, V any] struct {
	real  []func(*dict.Dict[K, V], context.Context, K, V) error
	model []func(map[K]V, K, V)
}

func (s *steps[K, V]) add(real func(*dict.Dict[K, V], context.Context, K, V) error, model func(map[K]V, K, V)) {
	s.real, s.model = append(s.real, real), append(s.model, model)
}

// common are those that all dictionaries have.
func common[K comparable, V any]() *steps[K, V] {
	s := &steps[K, V]{}
	s.add((*dict.Dict[K, V]).Set, func(m map[K]V, k K, v V) { m[k] = v })
	s.add(func(d *dict.Dict[K, V], ctx context.Context, k K, _ V) error { return d.Delete(ctx, k) },
		func(m map[K]V, k K, _ V) { delete(m, k) })
	s.add((*dict.Dict[K, V]).SetDefault, func(m map[K]V, k K, v V) {
		if !has(m, k) {
			m[k] = v
		}
	})
	return s
}

func ordered[K comparable, V cmp.Ordered]() *steps[K, V] {
	s := common[K, V]()
	s.add((*dict.Dict[K, V]).Max, func(m map[K]V, k K, v V) {
		if w, ok := m[k]; !ok || w < v {
			m[k] = v
		}
	})
	s.add((*dict.Dict[K, V]).Min, func(m map[K]V, k K, v V) {
		if w, ok := m[k]; !ok || v < w {
			m[k] = v
		}
	})
	return s
}

func sums[K comparable]() *steps[K, int] {
	s := ordered[K, int]()
	s.add((*dict.Dict[K, int]).Add, func(m map[K]int, k K, v int) { m[k] += v })
	return s
}

// program checks random programs of tasks.
func program[K comparable, V any](t *testing.T, s *steps[K, V], keys []K, values []V) {
	rapid.Check(t, func(t *rapid.T) {
		d, err := dict.Make[K, V](bg)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		m := &machine[K, V]{d: d, keys: keys, values: values, steps: s.real, models: s.model, committed: map[K]V{}, changes: map[K]int{}}
		t.Repeat(map[string]func(*rapid.T){
			"begin": m.begin, "write": m.write, "look": m.look, "outside": m.outside, "finish": m.finish, "": m.check,
		})
	})
}

// TestD5_TasksAreLikeMaps runs random programs of tasks, inside one another, at
// the same time, some failing, on dictionaries and on plain maps.
func TestD5_TasksAreLikeMaps(t *testing.T) {
	type point struct {
		X int8
		S string
	}
	t.Run("int to int", func(t *testing.T) { program(t, sums[int](), []int{0, 1, -1}, []int{1, 2, -5}) })
	t.Run("string to string", func(t *testing.T) {
		program(t, ordered[string, string](), []string{"", "a", "b"}, []string{"", "x", "y"})
	})
	t.Run("string to ints", func(t *testing.T) {
		s := common[string, []int]()
		s.add((*dict.Dict[string, []int]).Append, func(m map[string][]int, k string, v []int) { m[k] = append(slices.Clone(m[k]), v...) })
		program(t, s, []string{"a", "b", "c"}, [][]int{{1}, {2, 3}})
	})
	t.Run("struct to int", func(t *testing.T) {
		program(t, sums[point](), []point{{1, "a"}, {1, "b"}, {2, "a"}}, []int{1, 7})
	})
}
