//go:build unix

package journal_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/process"
)

var kills = flag.Int("kills", 4, "how often to kill a journaled loop, on each executor")

const (
	killedLoop  = "PARFOR_JOURNAL_LOOP" // the directory of the loop to run
	killedItems = 10_000
	killedRests = 10 // keys of the dictionary
)

var (
	killedSums  = dict.New[int, int]("killed sums")
	killedCount = dict.NewCounter("killed count")
	startsFile  = sync.OnceValues(func() (*os.File, error) {
		return os.OpenFile(filepath.Join(os.Getenv(killedLoop), "starts"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	})
)

var _ = parfor.Register(killedBody)

// killedBody says that it starts, outside of all that a journal knows.
func killedBody(ctx context.Context, i int) (int, error) {
	f, err := startsFile()
	if err != nil {
		return 0, err
	}
	if _, err := fmt.Fprintln(f, i, parfor.Key(ctx)); err != nil {
		return 0, err
	}
	return i*3 + 1, errors.Join(killedSums.Add(ctx, i%killedRests, i), killedCount.Add(ctx, 1))
}

// runUntilKilled is what this program does as another process. It says what is
// reported to it, and at the end what the dictionaries hold.
func runUntilKilled(dir string) {
	ctx := context.Background()
	opts := []parfor.Option{parfor.Journal(filepath.Join(dir, "journal"))}
	if os.Getenv(killedLoop+"_ON") == "processes" {
		pool, err := process.NewPool(ctx, 2)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		defer pool.Close()
		opts = append(opts, parfor.On(pool))
	}
	sum, resumed := 0, 0
	for r, err := range parfor.Stream(ctx, func(yield func(int) bool) {
		for i := 0; i < killedItems && yield(i); i++ {
		}
	}, killedBody, opts...) {
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		sum += r.Out
		if r.Resumed {
			resumed++
			continue
		}
		fmt.Fprintln(os.Stdout, r.Index)
	}
	count, _ := killedCount.Get(ctx)
	sums, _ := killedSums.Snapshot(ctx)
	fmt.Println("end", sum, resumed, count, sums)
}

// reportsOf runs the loop and kills it, after so many reports or so long; with
// neither it lets it end. It returns what was reported, and the last line if the
// loop ended.
func reportsOf(t *testing.T, dir, on string, reports int, long time.Duration) (items []int, end string) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), killedLoop+"="+dir, killedLoop+"_ON="+on)
	var diag strings.Builder
	cmd.Stderr = &diag
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if long > 0 {
		defer time.AfterFunc(long, func() { cmd.Process.Kill() }).Stop()
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var i int
		if strings.HasPrefix(lines.Text(), "end ") {
			end = lines.Text()
			continue
		}
		if n, err := fmt.Sscan(lines.Text(), &i); n != 1 {
			t.Fatalf("%q, %v\n%s", lines.Text(), err, &diag)
		}
		if items = append(items, i); reports > 0 && len(items) == reports {
			cmd.Process.Kill() // what is in the pipe was reported, too
		}
	}
	if err := cmd.Wait(); err != nil && end == "" && reports == 0 && long == 0 {
		t.Fatalf("%v\n%s", err, &diag)
	}
	return items, end
}

// A program that is killed at any moment goes on where it was: every item has
// one effect, dictionaries are exact, nothing that was reported runs again, and
// keys stay.
func TestKilledLoops(t *testing.T) {
	for _, on := range []string{"goroutines", "processes"} {
		t.Run(on, func(t *testing.T) {
			done, loops, twice := 0, 0, 0
			for done < *kills {
				n, again := killedToTheEnd(t, on, *kills-done)
				done, twice, loops = done+n, twice+again, loops+1
				if t.Failed() {
					return
				}
			}
			t.Logf("%d kills in %d loops of %d items: each has one effect, %d bodies ran again", done, loops, killedItems, twice)
		})
	}
}

// killedToTheEnd kills one loop up to 20 times before it lets it end. It returns
// how often, and how many bodies ran again.
func killedToTheEnd(t *testing.T, on string, most int) (done, again int) {
	dir, want := t.TempDir(), "" // of the last line
	reported, keys := map[int]bool{}, map[int]string{}
	var read int64
	starts := 0
	for end := ""; end == ""; {
		reports, long := 0, time.Duration(0)
		switch {
		case done >= min(most, 20):
		case rand.IntN(2) == 0:
			reports = 1 + rand.IntN(killedItems/8)
		default:
			long = time.Millisecond + rand.N(400*time.Millisecond)
		}
		var items []int
		items, end = reportsOf(t, dir, on, reports, long)
		if end == "" {
			done++
		}
		starts += startsSince(t, filepath.Join(dir, "starts"), &read, func(i int, key string) {
			if reported[i] {
				t.Errorf("item %d was reported done and ran again", i)
			}
			if k := keys[i]; k != "" && k != key {
				t.Errorf("item %d has the key %s, and had %s", i, key, k)
			}
			keys[i] = key
		})
		for _, i := range items {
			if reported[i] {
				t.Errorf("item %d was reported twice", i)
			}
			reported[i] = true
		}
		if end != "" {
			want = end
		}
	}
	sum, sums := 0, map[int]int{}
	for i := range killedItems {
		sum += i*3 + 1
		sums[i%killedRests] += i
	}
	var gotSum, resumed, count int
	fmt.Sscanf(want, "end %d %d %d", &gotSum, &resumed, &count)
	if _, got, _ := strings.Cut(want, "map"); gotSum != sum || count != killedItems || "map"+got != fmt.Sprint(sums) {
		t.Errorf("got %s, want %d … %d %v", want, sum, killedItems, sums)
	}
	if len(keys) != killedItems {
		t.Errorf("%d items ran", len(keys))
	}
	return done, starts - killedItems
}

// startsSince reads what bodies have written since the last call.
func startsSince(t *testing.T, path string, at *int64, each func(i int, key string)) (n int) {
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	// A worker that outlives its killed parent for a moment may be writing: what is
	// seen of a line over two pages can be its beginning alone, for now.
	b = b[:bytes.LastIndexByte(b, '\n')+1]
	for line := range strings.Lines(string(b[min(*at, int64(len(b))):])) {
		var i int
		var key string
		if _, err := fmt.Sscan(line, &i, &key); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		each(i, key)
		n++
	}
	*at = int64(len(b))
	return n
}
