package shellline

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// runner is a shell that runs what was compiled for --shell as. bash is called
// by the name sh for a line for sh, and then reads it as POSIX has it; since the
// script is the same as bash's own, it gets a quarter of the items.
type runner struct {
	as, shell string
	quarter   bool
}

var runners = []runner{{"sh", "dash", false}, {"bash", "bash", false}, {"sh", "bash", true}}

// whole has all items tried: tens of thousands of processes; else it is every sixth.
var whole = flag.Bool("whole", false, "the injection suite with all of its items")

// TestInjection puts every hostile item into every position, under each shell:
// the line is refused before the first job, the item fails, or it arrives byte
// for byte; and nothing in it runs.
func TestInjection(t *testing.T) {
	if raced {
		t.Skip("it runs shells, and nothing at once that the race detector could see")
	}
	items := hostile()
	if len(items) < 200 {
		t.Fatalf("%d items", len(items))
	}
	if !*whole {
		items = every(6, items)
	}
	for _, r := range runners {
		some := items
		if r.quarter {
			some = every(4, items)
		}
		t.Run(r.as+" under "+r.shell, func(t *testing.T) { r.attack(t, some) })
	}
}

func every(n int, items []string) []string {
	var some []string
	for i := 0; i < len(items); i += n {
		some = append(some, items[i])
	}
	return some
}

// tally counts pairs of an item and a position.
type tally struct{ refused, failed, arrived, harmless int }

func (a *tally) add(b tally) {
	a.refused += b.refused
	a.failed += b.failed
	a.arrived += b.arrived
	a.harmless += b.harmless
}

func (r runner) attack(t *testing.T, items []string) {
	shell := mustFind(t, r.shell)
	var total tally
	for _, s := range refused {
		if s.bash && r.as != "bash" {
			continue
		}
		if l, err := Compile(split(s.line), Options{Shell: r.as, AllowDash: true}); err == nil {
			t.Errorf("%s: accepted: %s\n%s", s.name, s.line, l.Source)
		}
		total.refused += len(items)
	}
	targets := r.targets(t)
	if t.Failed() {
		return
	}
	script := batch(targets)
	work := make(chan string)
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for item := range work {
				a := attack{t, r.as, shell, targets, t.TempDir()}
				counts := a.run(script, item)
				mu.Lock()
				total.add(counts)
				mu.Unlock()
			}
		})
	}
	for _, item := range items {
		work <- item
	}
	close(work)
	group.Wait()
	t.Logf("%d items × %d positions: %d refused before job 1, %d failed as an item, %d arrived byte for byte, %d went to a program that may change them and nothing ran",
		len(items), total.refused/len(items)+len(targets), total.refused, total.failed, total.arrived, total.harmless)
}

// target is an accepted position, compiled.
type target struct {
	spot
	line *Line
}

func (r runner) targets(t *testing.T) []target {
	var all []target
	for _, s := range accepted {
		if s.bash && r.as != "bash" || s.program && r.shell != "dash" {
			continue
		}
		l, err := Compile(split(s.line), Options{Shell: r.as})
		if err != nil {
			t.Errorf("%s: %s: %v", s.name, s.line, err)
			continue
		}
		all = append(all, target{s, l})
	}
	return all
}

// batch is one script with all lines. Each says its number before what it
// writes; those in SKIP are left out.
func batch(targets []target) string {
	var b strings.Builder
	b.WriteString(prelude)
	for i, c := range targets {
		open, end := "{", "}"
		if c.apart {
			open, end = "(", ")"
		}
		fmt.Fprintf(&b, "case $SKIP in *' %d '*) ;; *) printf '\\n<%d>\\n\\0' ; %s\n%s\n%s ;; esac\n", i, i, open, c.line.Source, end)
	}
	return b.String()
}

type attack struct {
	*testing.T
	as      string // the name by which the shell is called
	shell   string
	targets []target
	dir     string
}

// run runs the script for an item and judges what each line wrote.
func (a attack) run(script, item string) (counts tally) {
	skip := " "
	var value string
	for i, c := range a.targets {
		if err := c.line.Check(valuesFor(c.line, item)); err != nil {
			skip += strconv.Itoa(i) + " "
			counts.failed++
		} else {
			value = item
		}
	}
	out := a.start(script, value, skip)
	if len(out) > 0 {
		a.judge(out, item, skip, &counts)
	}
	if _, err := os.Stat(filepath.Join(a.dir, "PWNED")); err == nil {
		a.Errorf("item %.60q ran", item)
		a.find(item, skip)
	}
	return counts
}

func valuesFor(l *Line, item string) []string {
	values := make([]string, len(l.Vars))
	for i := range values {
		values[i] = item
	}
	return values
}

func (a attack) start(script, value, skip string) []byte {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, a.shell, "-c", script)
	cmd.Args[0] = a.as
	cmd.WaitDelay = time.Second // a child of the shell may hold its output
	cmd.Dir = a.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + a.dir, "LC_ALL=C.UTF-8", "PF_0=" + value, "SKIP=" + skip, "GIT_CEILING_DIRECTORIES=" + filepath.Dir(a.dir)}
	out, err := cmd.Output()
	if ctx.Err() != nil {
		a.Errorf("item %.60q: %v", value, err)
	}
	return out
}

// judge compares what each line wrote with what should arrive.
func (a attack) judge(out []byte, item, skip string, counts *tally) {
	for i, c := range a.targets {
		if strings.Contains(skip, " "+strconv.Itoa(i)+" ") {
			continue
		}
		head := fmt.Appendf(nil, "\n<%d>\n\x00", i)
		at := bytes.Index(out, head)
		if at < 0 {
			a.Errorf("%s: item %.60q: the line was not reached", c.name, item)
			continue
		}
		got := out[at+len(head):]
		if next := bytes.Index(got, fmt.Appendf(nil, "\n<%d>\n\x00", a.after(i, skip))); next >= 0 {
			got = got[:next]
		}
		if c.loose {
			counts.harmless++
			continue
		}
		want := c.want
		if want == "" {
			want = "{}"
		}
		if want = strings.ReplaceAll(want, "{}", item) + "\x00"; string(got) != want {
			a.Errorf("%s: item %.60q: got %.80q, want %.80q", c.name, item, got, want)
			continue
		}
		counts.arrived++
	}
}

// after is the next line that ran.
func (a attack) after(i int, skip string) int {
	for i++; i < len(a.targets) && strings.Contains(skip, " "+strconv.Itoa(i)+" "); i++ {
	}
	return i
}

// find names the lines that ran an item.
func (a attack) find(item, skip string) {
	for i, c := range a.targets {
		if strings.Contains(skip, " "+strconv.Itoa(i)+" ") {
			continue
		}
		os.Remove(filepath.Join(a.dir, "PWNED"))
		a.start(batch([]target{c}), item, " ")
		if _, err := os.Stat(filepath.Join(a.dir, "PWNED")); err == nil {
			a.Errorf("%s: item %.60q ran: %s", c.name, item, c.line.Source)
		}
	}
}

// TestCanary sees that an item put into the source does run, so that the suite
// would notice.
func TestCanary(t *testing.T) {
	for _, shell := range []string{"dash", "bash"} {
		a := attack{t, shell, mustFind(t, shell), nil, t.TempDir()}
		a.start("echo $(touch PWNED)", "", "")
		if _, err := os.Stat(filepath.Join(a.dir, "PWNED")); err != nil {
			t.Errorf("%s: %v", shell, err)
		}
	}
}

// mustFind is the shell's path. Without it the test is skipped, but not in CI.
func mustFind(t *testing.T, shell string) string {
	path, err := exec.LookPath(shell)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return path
}
