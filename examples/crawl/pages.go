package main

import (
	"fmt"
	"net/http"
	"sync"
)

const (
	size     = 31 // pages
	poisoned = "/12"
	poison   = "poison" // its first answer, which kills who reads it
)

// pages is the site: most pages are linked from two others, and all of them link
// back to the start. It counts how often each page was fetched.
type pages struct {
	mu   sync.Mutex
	hits map[string]int
}

func newPages() *pages { return &pages{hits: map[string]int{}} }

func (p *pages) fetched(page string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hits[page]
}

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.hits[r.URL.Path]++
	first := p.hits[r.URL.Path] == 1
	p.mu.Unlock()
	if r.URL.Path == poisoned && first {
		fmt.Fprint(w, poison)
		return
	}
	var n int
	if _, err := fmt.Sscanf(r.URL.Path, "/%d", &n); err != nil {
		http.NotFound(w, r)
		return
	}
	fmt.Fprintln(w, "/0")
	for link := 2*n + 1; link <= 2*n+4 && link < size; link++ {
		fmt.Fprintf(w, "/%d\n", link)
	}
}
