// Command crawl fetches a small site on worker processes: a group, whose tasks
// add the links they find. Many links lead to a page, and the task that claims it
// fetches it: every page once. When a worker is killed between the claim and the
// end of its task, the page is free again, and is fetched by the next attempt or
// by the next link to it; what the killed attempt would have added is not there.
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

// visit fetches a page unless another task has it, and adds its links. It tells
// whether it was the one.
func visit(ctx context.Context, page string) (bool, error) {
	mine, err := visited.Claim(ctx, page)
	if err != nil || !mine {
		return false, err
	}
	if err := committed.Add(ctx, page, 1); err != nil {
		return false, err
	}
	req, err := http.NewRequestWithContext(ctx, "GET", parfor.Arg[site](ctx).URL+page, nil)
	if err != nil {
		return false, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return false, err
	}
	if string(text) == poison {
		die()
	}
	return true, parfor.Add(ctx, strings.Fields(string(text))...)
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

	links, fetched := 0, 0
	for r, err := range parfor.Group(ctx, []string{"/0"}, visit, parfor.On(pool), parfor.Attempts(3),
		parfor.With(site{"http://" + listener.Addr().String()})) {
		check(err)
		links++
		if r.Out {
			fetched++
		}
	}
	fmt.Printf("%d links, %d pages\n", links, fetched)
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
