// Command requests times parfor http beside the programs that people send many
// requests with. Parfor sends a body of its own with each and keeps every answer
// in a file; hey, ab and wrk send one body and keep nothing.
//
//	go build -o parfor ./cmd/parfor     (from the root)
//	go run ./requests -parfor ../parfor (here)
//
// The server is parfor mock on the same cores. In each round all run one after
// the other, whole processes, in shuffled order; ratios are within rounds.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"parfor.dev/parfor/bench/paired"
)

var (
	n      = flag.Int("n", 10000, "requests a run")
	j      = flag.Int("j", 32, "at once")
	rounds = flag.Int("rounds", 7, "rounds to count")
	seed   = flag.Uint64("seed", 1, "of the order")
	parfor = flag.String("parfor", "parfor", "the parfor command")
)

func main() {
	flag.Parse()
	log.SetFlags(0)
	dir, err := os.MkdirTemp("", "parfor-requests-")
	must(err)
	defer os.RemoveAll(dir)
	url, stop := mock()
	defer stop()
	body := filepath.Join(dir, "body.json")
	must(os.WriteFile(body, []byte(`{"number": 17}`), 0o600))

	var ways []paired.Way
	add := func(name string, argv ...string) {
		if _, err := exec.LookPath(argv[0]); err != nil {
			fmt.Fprintf(os.Stderr, "requests: without %s: %v\n", name, err)
			return
		}
		ways = append(ways, paired.Way{Name: name, N: *n, Run: func() { run(argv) }})
	}
	ours := []string{*parfor, "http", "-i", "1.." + strconv.Itoa(*n), "-j", strconv.Itoa(*j), "--progress", "none", "-q",
		"--expect", "2xx,404", "POST", url, "--data-json", `{"number":"{}"}`}
	add("parfor http, answers in a file", append(ours, "--force", "-o", filepath.Join(dir, "out.jsonl"))...)
	add("parfor http, answers not kept", ours...)
	add("hey", "hey", "-n", strconv.Itoa(*n / *j * *j), "-c", strconv.Itoa(*j), "-m", "POST", "-T", "application/json", "-D", body, url)
	add("ab", "ab", "-q", "-k", "-n", strconv.Itoa(*n), "-c", strconv.Itoa(*j), "-T", "application/json", "-p", body, url)

	t := paired.Measure(ways, *rounds, *seed)
	fmt.Printf("\n%d POSTs, %d at once, %d rounds\n", *n, *j, *rounds)
	for i, w := range t.Ways {
		fmt.Printf("  %-32s %7.0f requests/s", w.Name, 1e9/paired.Median(t.Nanos[i]))
		if i != t.Find("hey") && t.Find("hey") >= 0 {
			ratio, low, high := t.Ratio(t.Find("hey"), i)
			fmt.Printf("   %.2f × hey (%.2f–%.2f)", ratio, low, high)
		}
		fmt.Println()
	}
}

// mock starts the server and returns its URL.
func mock() (url string, stop func()) {
	cmd := exec.Command(*parfor, "mock", "--latency", "0")
	out, err := cmd.StdoutPipe()
	must(err)
	must(cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	must(err)
	return strings.TrimSpace(line) + "/", func() {
		must(cmd.Process.Signal(os.Interrupt))
		must(cmd.Wait())
	}
}

func run(argv []string) {
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		log.Fatalf("requests: %s: %v\n%s", argv[0], err, out)
	}
}

func must(err error) {
	if err != nil {
		log.Fatal("requests: ", err)
	}
}
