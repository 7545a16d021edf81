package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/embed"
)

// The programs of a machine find the server of a folder without running one.
func ExampleLocalURL() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "parfor")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	_, err = cluster.LocalURL(dir)
	fmt.Println(errors.Is(err, cluster.ErrNoServer))

	server, err := embed.Open(ctx, dir)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	url, err := cluster.LocalURL(dir)
	fmt.Println(url == server.URL(), err)
	// Output:
	// true
	// true <nil>
}

func ExampleLocalDir() {
	dir, err := cluster.LocalDir()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(filepath.Base(dir))
	// Output:
	// node
}

func ExampleOnly() {
	err := cluster.Serve(context.Background(), "nats://127.0.0.1:4222", cluster.Only("example.org/prog.post"))
	fmt.Println(err)
	// Output:
	// parfor: invalid option: Only: no function is registered as "example.org/prog.post"
}

// An agent of some functions is no agent of the others.
func TestOnly(t *testing.T) {
	s := serverAt(t)
	serve(t, s.URL(), 1, cluster.Only(squareName))
	x := connected(t, s.URL(), cluster.WaitForAgents(500*time.Millisecond))
	if out, err := parfor.Map(within(t), []int{3}, square, parfor.On(x)); err != nil || out[0] != 9 {
		t.Errorf("%v, %v", out, err)
	}
	if n, none := x.SlotsFor(squareName), x.SlotsFor(largeName); n != 1 || none != 0 {
		t.Errorf("%d slots, and %d of a function that no agent offers", n, none)
	}
	if _, err := parfor.Map(within(t), []int{3}, large, parfor.On(x)); !errors.Is(err, cluster.ErrNoWorker) {
		t.Errorf("a function that no agent offers: %v", err)
	}
}

// A token that others can read is refused.
func TestLocalURLOfOthers(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "address.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if url, err := cluster.LocalURL(dir); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("%q, %v", url, err)
	}
}

const (
	squareName = "parfor.dev/parfor/cluster_test.square"
	largeName  = "parfor.dev/parfor/cluster_test.large"
)
