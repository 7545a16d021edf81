package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// loopFlags are what run and http share: where items come from, how they are
// run, and what is kept of them.
type loopFlags struct {
	in       []string
	format   string
	zip      bool
	noHeader bool
	marker   string
	key      string

	workers  workers
	rate     rate
	attempts int
	backoff  time.Duration
	timeout  time.Duration
	deadline time.Duration
	cluster  clusterFlags

	failFast    bool
	maxFailures string

	outputs     []string
	resume      bool
	force       bool
	changed     string
	onDuplicate string
	maxOutput   size

	keepOrder bool
	tag       bool
	json      bool
	quiet     bool
	progress  string
	trace     string
	dryRun    bool
	empty     bool
}

func (f *loopFlags) declareInput(fs *pflag.FlagSet) {
	fs.StringArrayVarP(&f.in, "in", "i", nil, "take items from `SOURCE`: 1..500, 0..1..0.1, a file, - for standard input, or one of them as NAME=SOURCE (repeatable: every combination)")
	fs.StringVar(&f.format, "format", "", "read files and standard input as `FORMAT`: lines (but empty ones), raw (lines as they are), null, csv, tsv, jsonl, json (one array or object). Without it a file's ending decides, and the rest is lines")
	fs.BoolVar(&f.zip, "zip", false, "take several sources side by side, not every combination")
	fs.BoolVar(&f.noHeader, "no-header", false, "the first row of CSV is an item, too")
	fs.StringVarP(&f.marker, "marker", "I", "", "have `TEXT` stand for the item instead of {}")
	fs.StringVar(&f.key, "key", "", "call an item `TEMPLATE` in the results, as in '{name}' (default: the item; of records its id or key)")
	fs.BoolVar(&f.empty, "allow-empty", false, "no items at all is no error")
}

// declareRunning declares how items are run: so many at once unless the user
// says, and at its time an attempt is ended as timeout tells.
func (f *loopFlags) declareRunning(fs *pflag.FlagSet, usual, timeout string) {
	fs.VarP(&f.workers, "workers", "j", "run `N` items at once: a number, a share of the cores such as 50%, or auto, which finds out how many pay (default: "+usual+")")
	fs.Var(&f.rate, "rate", "start at most `RATE` items, all workers together: 50/s, 600/m, 1000/h")
	fs.IntVar(&f.attempts, "attempts", 1, "try an item up to `N` times in all")
	fs.DurationVar(&f.backoff, "backoff", 200*time.Millisecond, "wait up to `DUR` before the second attempt, up to twice as long before each further one, never over 30s")
	fs.DurationVar(&f.timeout, "timeout", f.timeout, "end an attempt that takes longer than `DUR`, such as 10s or 2m. "+timeout+" 0 is no bound")
	fs.DurationVar(&f.deadline, "deadline", 0, "end the whole run after `DUR`: nothing more is started, what runs is ended as by --timeout, and the exit code is 124; with -o it can go on later (default: no bound)")
	f.cluster.declare(fs, "run items on the agents of the cluster at `WHERE`: local (parfor-node's), the folder of a parfor-node, or a NATS URL; -j is then how many are on their way (default: two for each that the agents run at once)")
	f.cluster.declareWait(fs)
	fs.BoolVar(&f.failFast, "fail-fast", false, "start nothing more once an item has failed")
	fs.StringVar(&f.maxFailures, "max-failures", "", "start nothing more after `N` failures, or a share of all items such as 5%")
}

func (f *loopFlags) declareResults(fs *pflag.FlagSet) {
	fs.StringArrayVarP(&f.outputs, "output", "o", nil, "keep results in `FILE`, by its ending: .json, .jsonl, .csv, .db (repeatable)")
	fs.BoolVar(&f.json, "json", false, "print the results as one JSON object instead of what comes back")
	fs.BoolVar(&f.resume, "resume", false, "run what the file has no good result of")
	fs.BoolVar(&f.force, "force", false, "start over: replace the file")
	fs.StringVar(&f.changed, "changed", "fail", "`HOW` to treat, with --resume, an item of the file that would run otherwise now: fail, rerun, keep")
	fs.StringVar(&f.onDuplicate, "on-duplicate", "error", "`HOW` to treat two items with one key: error, suffix (a#2), last")
	fs.Var(&f.maxOutput, "max-output", "keep up to `SIZE` of what comes back of an item")
	fs.BoolVarP(&f.keepOrder, "keep-order", "k", false, "print in the order of the input")
	fs.BoolVar(&f.tag, "tag", false, "begin each line with the item's key and a tab")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing of what comes back")
	fs.StringVar(&f.progress, "progress", "auto", "`HOW` to show on standard error how far it is: auto, tty, plain, json, none (just the receipt)")
	fs.StringVar(&f.trace, "trace", "", "write a timeline for Perfetto to `FILE`")
	fs.BoolVarP(&f.dryRun, "dry-run", "n", false, "print what would run, and run nothing")
}

// check refuses what can't be meant, before anything is opened.
func (f *loopFlags) check(said func(string) bool) error {
	switch {
	case f.cluster.where != "" && f.workers.auto:
		return usagef("-j auto with --cluster: how many run at once is what the agents have; write a number, or leave it out")
	case f.attempts < 1:
		return usagef("--attempts %d: it is how often an item is tried in all, at least 1", f.attempts)
	case f.timeout < 0 || f.deadline < 0 || f.backoff < 0:
		return usagef("a time can't be negative")
	case f.failFast && f.maxFailures != "":
		return usagef("--fail-fast is --max-failures 1: choose one")
	case f.resume && f.force:
		return usagef("--resume goes on with a file, --force starts it over: choose one")
	case (f.resume || f.force || said("changed")) && len(f.outputs) == 0:
		return usagef("--resume, --force and --changed are about the file of -o: name it")
	case f.json && (f.tag || f.quiet):
		return usagef("--json prints the results, and nothing else: leave --tag and --quiet out")
	}
	if err := f.cluster.check(); err != nil {
		return err
	}
	if err := oneOf("changed", f.changed, "fail", "rerun", "keep"); err != nil {
		return err
	}
	if err := oneOf("on-duplicate", f.onDuplicate, "error", "suffix", "last"); err != nil {
		return err
	}
	return oneOf("progress", f.progress, "auto", "tty", "plain", "json", "none")
}

func oneOf(flag, value string, values ...string) error {
	for _, v := range values {
		if v == value {
			return nil
		}
	}
	return usagef("--%s %q: it is one of %s", flag, value, strings.Join(values, ", "))
}

// workers is the flag -j.
type workers struct {
	n    int // 0: the verb's own number
	auto bool
}

func (w *workers) Type() string { return "N" }

func (w *workers) String() string {
	switch {
	case w.auto:
		return "auto"
	case w.n == 0:
		return ""
	}
	return strconv.Itoa(w.n)
}

func (w *workers) Set(text string) error {
	if text == "auto" {
		*w = workers{auto: true}
		return nil
	}
	number, share := strings.CutSuffix(text, "%")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 100_000 {
		return fmt.Errorf("%q is no number of workers: write 8, 50%% of the cores, or auto", text)
	}
	if share {
		n = max(1, runtime.NumCPU()*n/100)
	}
	*w = workers{n: n}
	return nil
}

// fromEnvironment sets the flags that the command line doesn't from
// PARFOR_OPT_*: PARFOR_OPT_MAX_OUTPUT for --max-output; those whose names begin so.
func fromEnvironment(fs *pflag.FlagSet, prefix string) (err error) {
	if f := fs.Lookup("cluster"); f.Changed {
		if err := checkArgument(f.Value.String()); err != nil {
			return err
		}
	}
	fs.VisitAll(func(f *pflag.Flag) {
		name := "PARFOR_OPT_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, ok := os.LookupEnv(name)
		if f.Name == "cluster" && value == "" { // unset for one call
			return
		}
		if !ok || f.Changed || f.Name == "help" || err != nil || !strings.HasPrefix(f.Name, prefix) {
			return
		}
		if e := fs.Set(f.Name, value); e != nil {
			err = usagef("%s: %w", name, e)
		}
	})
	return err
}
