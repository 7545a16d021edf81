package main

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// goMapRate reads all keys from a Go map, from as many goroutines as there are
// worker processes, in the order in which the tasks do. Nobody may write to the
// map meanwhile, so it needs no lock.
func goMapRate(op, kind string, keys, workers int) float64 {
	read := numberMap(keys)
	if kind == "text" {
		read = textMap(keys)
	}
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

func textMap(n int) (read func(k int) bool) {
	m := make(map[string]string, n)
	for i := range n {
		m[key(i)] = strings.Clone(value64)
	}
	return func(k int) bool { return m[key(k)] == value64 }
}
