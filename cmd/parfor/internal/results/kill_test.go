package results

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// appendUntilKilled is a run of many workers that says on its standard output
// which items it has appended.
func appendUntilKilled(path string) {
	die := func(err error) { fmt.Println("error:", err); os.Exit(1) }
	r, err := tryOpen(Options{Fingerprint: base.Fingerprint, Resume: true, Sync: time.Millisecond}, path)
	if err != nil {
		die(err)
	}
	fmt.Println("found:", r.Before().All())
	var next sync.Mutex
	n := 0
	for range 8 {
		go func() {
			for {
				next.Lock()
				n++
				mine := n
				d, err := r.Plan(mine, fmt.Sprint("k", mine), task(mine))
				next.Unlock()
				if err != nil {
					die(err)
				}
				if d.Action == Skip {
					continue
				}
				w := rec(mine)
				w.Status = "ok"
				if err := r.Append(w, task(mine)); err != nil {
					die(err)
				}
				if _, err := fmt.Printf("k%d\n", mine); err != nil {
					os.Exit(1)
				}
			}
		}()
	}
	select {}
}

// A run that is killed with SIGKILL again and again: what it has said is done
// is there, and is not done again; the lock goes with the process.
func TestKilled(t *testing.T) {
	path := in(t, "r.json")
	done := map[string]bool{}
	for round := range 6 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "RESULTS_WRITER="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if !lines.Scan() || !strings.HasPrefix(lines.Text(), "found: ") {
			t.Errorf("round %d: %s", round, lines.Text())
		}
		if _, err := tryOpen(base, path); err == nil || !strings.Contains(err.Error(), "another process") {
			t.Errorf("not locked: %v", err)
		}
		for said := 0; lines.Scan(); said++ {
			if done[lines.Text()] || strings.HasPrefix(lines.Text(), "error") {
				t.Errorf("round %d: %s", round, lines.Text())
			}
			done[lines.Text()] = true
			if said == 50*round+round { // and what is in the pipe is read too
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Error("it ended by itself")
		}
		got := map[string]bool{}
		for _, r := range read(t, path) {
			got[r.Key] = true
		}
		for k := range done {
			if !got[k] {
				t.Errorf("round %d: %s was done and is lost", round, k)
			}
		}
	}
	o := base
	o.Resume = true
	if s := finish(t, open(t, o, path)); s.OK < len(done) {
		t.Errorf("%d of %d", s.OK, len(done))
	}
}

// written returns a journal of n records and where its lines end.
func written(t *testing.T, n int) (journal []byte, ends []int) {
	t.Helper()
	path := in(t, "r.json")
	r := open(t, base, path)
	for i := 1; i <= n; i++ {
		do(t, r, i)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(journalOf(path))
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range b {
		if c == '\n' {
			ends = append(ends, i+1)
		}
	}
	return b, ends
}

// A journal that ends at any byte has the records whose lines it has, can be
// resumed from, and tells what is cut.
func TestCutAtEveryByte(t *testing.T) {
	const n = 6
	whole, ends := written(t, n)
	path := filepath.Join(t.TempDir(), "r.json")
	o := base
	o.Resume = true
	for cut := range len(whole) + 1 {
		if err := os.WriteFile(journalOf(path), whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		records := -1 // the header is a line too
		end := 0
		for _, e := range ends {
			if e <= cut {
				records, end = records+1, e
			}
		}
		if got := len(read(t, path)); got != max(0, records) {
			t.Fatalf("cut at %d: read %d, has %d", cut, got, records)
		}
		r := open(t, o, path)
		if got := r.Before().All(); got != max(0, records) {
			t.Fatalf("cut at %d: found %d, has %d", cut, got, records)
		}
		told := len(r.Notes()) == 1 && strings.Contains(r.Notes()[0], count(cut-end, "byte"))
		if torn := records >= 0 && cut > end; told != torn {
			t.Fatalf("cut at %d: %q", cut, r.Notes())
		}
		for i := 1; i <= n; i++ {
			do(t, r, i)
		}
		finish(t, r)
		if got := keys(read(t, path)); got != "k1 k2 k3 k4 k5 k6" {
			t.Fatalf("cut at %d: %s", cut, got)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// A byte that is not what was written is never read as if it were: it is an
// error with its line's offset, or in the last lines a tail that is cut.
func TestDamageAtEveryByte(t *testing.T) {
	const n = 3
	whole, ends := written(t, n)
	path := filepath.Join(t.TempDir(), "r.json")
	want := read(t, writtenTo(t, path, whole))
	for i := range whole {
		for _, flip := range []byte{1, 0x20, whole[i] ^ '\n'} {
			b := append([]byte(nil), whole...)
			if b[i] ^= flip; flip == 0 {
				continue
			}
			writtenTo(t, path, b)
			var got int
			var failed error
			for r, err := range Read(path) {
				if failed = err; err != nil {
					break
				}
				if r.Key != want[got].Key || r.MS != want[got].MS {
					t.Fatalf("byte %d ^ %#x: %+v", i, flip, r)
				}
				got++
			}
			line := 0
			for ends[line] <= i {
				line++
			}
			start := 0
			if line > 0 {
				start = ends[line-1]
			}
			var damage *DamageError
			switch {
			case asDamage(failed, &damage):
				if damage.Offset != int64(start) || line > n {
					t.Fatalf("byte %d ^ %#x: at %d, the line begins at %d", i, flip, damage.Offset, start)
				}
			case failed != nil || got >= line || line < n-1:
				t.Fatalf("byte %d ^ %#x, line %d: %d records, %v", i, flip, line, got, failed)
			}
			after, err := os.ReadFile(journalOf(path))
			if err != nil || string(after) != string(b) {
				t.Fatal("changed by reading", err)
			}
		}
	}
}

func asDamage(err error, to **DamageError) bool {
	d, ok := err.(*DamageError)
	*to = d
	return ok
}

func writtenTo(t *testing.T, path string, b []byte) string {
	t.Helper()
	if err := os.WriteFile(journalOf(path), b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A run that resumes from a file and is killed while it still copies has lost
// nothing: the file counts until the copy is whole.
func TestCutWhileImporting(t *testing.T) {
	for _, suffix := range suffixes {
		path := in(t, "r"+suffix)
		r := open(t, base, path)
		for i := 1; i <= 3; i++ {
			do(t, r, i)
		}
		finish(t, r)
		o := base
		o.Resume = true
		r = open(t, o, path)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(journalOf(path))
		if err != nil {
			t.Fatal(err)
		}
		step := 1
		if suffix == ".db" {
			step = 37
		}
		for cut := 0; cut <= len(whole); cut += step {
			writtenTo(t, path, whole[:cut])
			if got := keys(read(t, path)); got != "k1 k2 k3" {
				t.Fatalf("cut at %d: read %s", cut, got)
			}
			if suffix == ".db" || cut%11 == 0 || cut > len(whole)-60 {
				r := open(t, o, path)
				if got := r.Before().All(); got != 3 {
					t.Fatalf("%s, cut at %d: %d", suffix, cut, got)
				}
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// A run that is killed when its files are written and the journal has not gone
// yet: the journal counts, and the next run makes an end of it.
func TestKilledBeforeTheJournalGoes(t *testing.T) {
	for _, suffix := range suffixes {
		path := in(t, "r"+suffix)
		r := open(t, base, path)
		for i := 1; i <= 3; i++ {
			do(t, r, i)
		}
		journal, err := os.ReadFile(journalOf(path))
		if err != nil {
			t.Fatal(err)
		}
		finish(t, r)
		writtenTo(t, path, journal)
		if got := Source(path); got != journalOf(path) {
			t.Error(got)
		}
		o := base
		o.Resume = true
		r = open(t, o, path)
		for i := 1; i <= 4; i++ {
			if ran := do(t, r, i); ran != (i == 4) {
				t.Errorf("%d: ran: %v", i, ran)
			}
		}
		finish(t, r)
		if got := keys(read(t, path)); got != "k1 k2 k3 k4" || there(journalOf(path)) {
			t.Error(got)
		}
	}
}

func TestAJournalOfALaterVersion(t *testing.T) {
	h := newHeader(base)
	h.Version, h.Build = version+1, "v9"
	line, err := sealed(h)
	if err != nil {
		t.Fatal(err)
	}
	path := writtenTo(t, in(t, "r.json"), line)
	o := base
	o.Resume = true
	if _, err := tryOpen(o, path); err == nil || !strings.Contains(err.Error(), "version 2") || !strings.Contains(err.Error(), "v9") {
		t.Error(err)
	}
}

// Another build may go on; it is told.
func TestAnotherBuildIsNoted(t *testing.T) {
	path := in(t, "r.json")
	o := base
	o.Resume, o.Build = true, "v1"
	for _, build := range []string{"v1", "v2"} {
		o.Build = build
		r := open(t, o, path)
		if noted := len(r.Notes()) == 1 && strings.Contains(r.Notes()[0], "v1"); noted != (build == "v2") {
			t.Errorf("%s: %q", build, r.Notes())
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestShorten(t *testing.T) {
	long := strings.Repeat("a", 500)
	for _, c := range [][3]string{
		{"abc", "abd", "abc"},
		{long + "b" + long, long + "c", "…" + strings.Repeat("a", 40) + "b" + strings.Repeat("a", 119) + "…"},
		{long, long + "b", "…" + strings.Repeat("a", 40)},
	} {
		if got := shorten(c[0], c[1]); got != c[2] {
			t.Errorf("%q", got)
		}
	}
}
