// Command resume sends 500 paid requests, is killed half-way (kill -9), and is
// started again: the journal has what was done, so only the rest is sent. The
// dictionary of statuses comes back with the results. What was in flight is sent
// again with the same key, so that the server doesn't charge it twice.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

const (
	requests = 500
	fatal    = 250 // the request in which the first client is killed
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == "client" {
		client(os.Args[2], os.Args[3])
		return
	}
	watch()
}

var (
	url      string
	statuses = dict.New[int, int]("statuses") // status -> how often
)

// pay is one request. It takes effect in the dictionary if, and when, its record
// is on its way into the journal.
func pay(ctx context.Context, n int) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprint(url, "/pay/", n), nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Idempotency-Key", parfor.Key(ctx))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, statuses.Add(ctx, resp.StatusCode, 1)
}

// client is the program that one would write. The same call resumes.
func client(at, journal string) {
	url = at
	defer http.DefaultClient.CloseIdleConnections()
	ctx := context.Background()
	var r parfor.Resumption
	codes, err := parfor.Map(ctx, parfor.Range(requests), pay, parfor.Workers(8),
		parfor.Journal(journal), parfor.JournalReport(&r))
	if err != nil {
		log.Fatal(err)
	}
	ok, _, err := statuses.Get(ctx, http.StatusOK)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("results: %d, in the dictionary: %d, most of the first half from the journal: %v\n",
		len(codes), ok, r.Resumed >= fatal-8)
}

// counter is the server: it counts requests, and charges once a key.
type counter struct {
	mu       sync.Mutex
	requests int
	charged  map[string]bool
	kill     func() // in the fatal request
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.requests++
	dies := c.requests == fatal
	c.charged[r.Header.Get("Idempotency-Key")] = true
	c.mu.Unlock()
	if dies {
		c.kill()
	}
}

// watch runs the client twice against a server of its own.
func watch() {
	dir, err := os.MkdirTemp("", "resume")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	c := &counter{charged: map[string]bool{}}
	server := &http.Server{Handler: c}
	go server.Serve(l)
	defer server.Close()

	start := func() *exec.Cmd {
		self, err := os.Executable()
		if err != nil {
			log.Fatal(err)
		}
		cmd := exec.Command(self, "client", "http://"+l.Addr().String(), filepath.Join(dir, "pay.journal"))
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		return cmd
	}
	first := start()
	c.kill = func() { first.Process.Kill() }
	fmt.Println("killed half-way:", first.Run() != nil)
	if err := start().Run(); err != nil {
		log.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Println("the second start sent the rest, and at most the 8 in flight again:", c.requests <= requests+8)
	fmt.Println("charged:", len(c.charged))
}
