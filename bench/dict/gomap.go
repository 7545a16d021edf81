package main

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// goMapRate reads all keys from a Go map, from as many goroutines as there are
// worker processes, in the order in which the tasks do. Nobody may write to the
// map meanwhile, so it needs no lock. Of texts it is also read with a copy of
// each value: memory that another process writes can't be handed out, so who
// reads from it has to copy.
func goMapRate(op, kind string, keys, workers int) (plain, copied float64) {
	if kind != "text" {
		return readRate(numberMap(keys), op, keys, workers), 0
	}
	m := textMap(keys)
	plain = readRate(func(k int) bool { return m[key(k)] == value64 }, op, keys, workers)
	copied = readRate(func(k int) bool { return strings.Clone(m[key(k)]) == value64 }, op, keys, workers)
	return plain, copied
}

func readRate(read func(k int) bool, op string, keys, workers int) float64 {
	var wg sync.WaitGroup
	begin := time.Now()
	for w := range workers {
		wg.Go(func() {
			for i := w * keys / workers; i < (w+1)*keys/workers; i++ {
				k := i
				if op == "read" {
					k = span{Keys: keys}.spread(i)
				}
				if !read(k) {
					panic(fmt.Sprint("no key ", k))
				}
			}
		})
	}
	wg.Wait()
	return float64(keys) / time.Since(begin).Seconds()
}

func numberMap(n int) (read func(k int) bool) {
	m := make(map[int]int, n)
	for i := range n {
		m[i] = i
	}
	return func(k int) bool { return m[k] == k }
}

func textMap(n int) map[string]string {
	m := make(map[string]string, n)
	for i := range n {
		m[key(i)] = strings.Clone(value64)
	}
	return m
}
