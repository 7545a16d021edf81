// Command commands times what it costs to run a command that does nothing, one
// job each, under parfor and under the programs people use for that.
//
//	go build -o /tmp/childbench ./internal/child/childbench    (in cmd/parfor)
//	go run ./commands -childbench /tmp/childbench              (here)
//	go run ./commands -parfor PATH -moreutils PATH -n 2000 -rounds 7
//
// In each round all run one after the other, in shuffled order; ratios are
// within rounds. Beside jobs/s, which other load on the machine disturbs, there
// is the processor time of a job, which it hardly does. All give the command one
// argument: GNU's true, when it has exactly one, sets up its locale to look
// whether that is --help, which is a fifth of its time.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"

	"parfor.dev/parfor/bench/paired"
)

var (
	n          = flag.Int("n", 2000, "jobs a run")
	slowN      = flag.Int("slow-n", 200, "jobs a run of GNU parallel")
	rounds     = flag.Int("rounds", 7, "rounds to count")
	seed       = flag.Uint64("seed", 1, "of the order")
	childbench = flag.String("childbench", "", "the program that is just parfor's way to run a command")
	parfor     = flag.String("parfor", "", "the parfor command")
	moreutils  = flag.String("moreutils", "parallel.moreutils", "moreutils' parallel")
	jobs       = flag.String("j", "2,8", "jobs at once")
)

func main() {
	flag.Parse()
	log.SetFlags(0)
	if *childbench == "" && *parfor == "" {
		log.Fatal("commands: what shall be measured? -childbench PATH or -parfor PATH")
	}
	dir, err := os.MkdirTemp("", "parfor-commands-")
	must(err)
	defer os.RemoveAll(dir)
	must(write(dir))
	for word := range strings.SplitSeq(*jobs, ",") {
		j, err := strconv.Atoi(word)
		must(err)
		compare(dir, j)
	}
}

// write makes the items and the Makefile.
func write(dir string) error {
	var items, targets strings.Builder
	for i := range *n {
		fmt.Fprintln(&items, i)
		fmt.Fprintf(&targets, " t%d", i)
	}
	makefile := "all:" + targets.String() + "\n" + targets.String()[1:] + ":\n\t@true $@\n.PHONY: all" + targets.String() + "\n"
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "items"), []byte(items.String()), 0o600),
		os.WriteFile(filepath.Join(dir, "Makefile"), []byte(makefile), 0o600))
}

// way is a way with what it cost.
type way struct {
	paired.Way
	cpu []float64 // µs a job, by round
}

func compare(dir string, j int) {
	ways := available(dir, strconv.Itoa(j), j)
	timed := make([]paired.Way, len(ways))
	for i, w := range ways {
		timed[i] = w.Way
		timed[i].Run = func() {
			before := cpu()
			w.Run()
			w.cpu = append(w.cpu, (cpu()-before)*1e6/float64(w.N))
		}
	}
	t := paired.Measure(timed, *rounds, *seed)
	fmt.Printf("\n%d jobs of `true`, %d at once, %d rounds\n", *n, j, *rounds)
	tw := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "way\tjobs/s\tµs CPU/job\t%s is × as fast\t95 %%\t\n", ways[0].Name)
	for i, w := range ways {
		ratio, low, high := t.Ratio(i, 0)
		fmt.Fprintf(tw, "%s\t%.0f\t%.0f\t%.2f\t%.2f–%.2f\t\n", w.Name,
			1e9/paired.Median(t.Nanos[i]), paired.Median(w.cpu[1:]), ratio, low, high)
	}
	tw.Flush()
}

// available are the ways that are there, ours first.
func available(dir, j string, workers int) []*way {
	var all []*way
	add := func(name string, jobs int, run func()) {
		all = append(all, &way{Way: paired.Way{Name: name, N: jobs, Run: run}})
	}
	program := func(name string, jobs int, stdin string, argv ...string) {
		if _, err := exec.LookPath(argv[0]); err != nil {
			fmt.Fprintf(os.Stderr, "commands: without %s: %v\n", name, err)
			return
		}
		add(name, jobs, func() { runProgram(dir, stdin, argv) })
	}
	if *parfor != "" {
		program("parfor", *n, "items", *parfor, "run", "-j", j, "--progress", "none", "--", "true")
	}
	if *childbench != "" {
		program("child", *n, "", *childbench, "-n", strconv.Itoa(*n), "-j", j, "--", "true", "x")
	}
	program("make", *n, "", "make", "-s", "-j"+j)
	program("xargs", *n, "items", "xargs", "-P"+j, "-n1", "true")
	args := []string{*moreutils, "-j", j, "true", "--"}
	program("moreutils", *n, "", append(args, strings.Fields(strings.Repeat("x ", *n))...)...)
	gnu := []string{"parallel", "-j" + j, "true", ":::"}
	program("GNU parallel", *slowN, "", append(gnu, strings.Fields(strings.Repeat("x ", *slowN))...)...)
	add("os/exec", *n, func() { osExec(workers) })
	return all
}

func runProgram(dir, stdin string, argv []string) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	if stdin != "" {
		f, err := os.Open(filepath.Join(dir, stdin))
		must(err)
		defer f.Close()
		cmd.Stdin = f
	}
	if err := cmd.Run(); err != nil {
		log.Fatalf("commands: %.100s: %v", strings.Join(argv, " "), err)
	}
}

// osExec is Go's own way, with output kept, in this process.
func osExec(workers int) {
	var next atomic.Int64
	var slots sync.WaitGroup
	for range workers {
		slots.Go(func() {
			for next.Add(1) <= int64(*n) {
				var out, errs strings.Builder
				cmd := exec.Command("true", "x")
				cmd.Stdout, cmd.Stderr = &out, &errs
				must(cmd.Run())
			}
		})
	}
	slots.Wait()
}

func must(err error) {
	if err != nil {
		log.Fatal("commands: ", err)
	}
}
