// Command crawl fetches a small site level by level on worker processes. Many
// links lead to a page, and the task that claims it fetches it: every page once.
// When a worker is killed between the claim and the end of its task, the page is
// free again, and is fetched by the next attempt or by the next link to it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/process"
)

var (
	visited   = dict.New[string, struct{}]("visited") // pages that somebody has, or is at
	committed = dict.New[string, int]("committed")    // page -> tasks that fetched it and succeeded
)

type site struct{ URL string }

// visit fetches a page unless another task has it, and returns its links.
func visit(ctx context.Context, page string) ([]string, error) {
	mine, err := visited.Claim(ctx, page)
	if err != nil || !mine {
		return nil, err
	}
	if err := committed.Add(ctx, page, 1); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, "GET", parfor.Arg[site](ctx).URL+page, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if string(text) == poison {
		die()
	}
	return strings.Fields(string(text)), err
}

// die is what the system does to a worker that takes too much memory.
func die() {
	self, err := os.FindProcess(os.Getpid())
	check(err)
	check(self.Kill())
	select {}
}

var _ = parfor.Register(visit)

func main() {
	flag.Parse()
	process.Main()
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 4)
	check(err)
	defer pool.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	pages := newPages()
	server := &http.Server{Handler: pages}
	ended := make(chan error)
	go func() { ended <- server.Serve(listener) }()

	frontier := []string{"/0"}
	for level := 0; len(frontier) > 0; level++ {
		links, err := parfor.Map(ctx, frontier, visit, parfor.On(pool), parfor.Attempts(3),
			parfor.With(site{"http://" + listener.Addr().String()}))
		check(err)
		known, err := visited.Len(ctx)
		check(err)
		fmt.Printf("level %d: %d links, %d pages known\n", level, len(frontier), known)
		frontier = nil
		for _, l := range links {
			frontier = append(frontier, l...)
		}
	}
	check(server.Close())
	<-ended

	found, err := committed.Snapshot(ctx)
	check(err)
	once := len(found) == size
	for page, n := range found {
		once = once && n == 1 && (pages.fetched(page) == 1 || page == poisoned)
	}
	fmt.Println("every page committed once, and fetched once but for the poisoned one:", once)
	fmt.Println("fetches of the poisoned page:", pages.fetched(poisoned))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
