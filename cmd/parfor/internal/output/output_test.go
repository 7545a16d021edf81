package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"parfor.dev/parfor/cmd/parfor/internal/child"
	"parfor.dev/parfor/internal/leak"
)

func TestMain(m *testing.M) {
	if os.Getenv("PARFOR_OUTPUT_TEST") == "closed" {
		os.Exit(closedOutput())
	}
	leak.Main(m)
}

// ends are the two ends of a test.
type ends struct{ out, err bytes.Buffer }

func (e *ends) printer(o Options) *Printer {
	o.Stdout, o.Stderr = &e.out, &e.err
	return New(o)
}

func (e *ends) check(t *testing.T, p *Printer, out, err string) {
	t.Helper()
	if e.out.String() != out || e.err.String() != err {
		t.Errorf("got %q and %q, want %q and %q", e.out.String(), e.err.String(), out, err)
	}
	o, r := p.Written()
	if o != int64(e.out.Len()) || r != int64(e.err.Len()) {
		t.Errorf("counted %d and %d, %d and %d were written", o, r, e.out.Len(), e.err.Len())
	}
}

func job(seq int, out, err string) Job {
	return Job{Seq: seq, Key: fmt.Sprint("k", seq), Stdout: Bytes(out), Stderr: Bytes(err)}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestModes(t *testing.T) {
	jobs := []Job{job(2, "b1\nb2\n", ""), job(3, "no newline\x00\xff", "e3\n"), {Seq: 4}, job(1, "a\n", "e1")}
	for _, c := range []struct {
		o        Options
		out, err string
	}{
		{Options{}, "b1\nb2\nno newline\x00\xffa\n", "e3\ne1"},
		{Options{KeepOrder: true}, "a\nb1\nb2\nno newline\x00\xff", "e1e3\n"},
		{Options{Tag: true}, "k2\tb1\nk2\tb2\nk3\tno newline\x00\xff\nk1\ta\n", "k3\te3\nk1\te1\n"},
		{Options{Tag: true, KeepOrder: true}, "k1\ta\nk2\tb1\nk2\tb2\nk3\tno newline\x00\xff\n", "k1\te1\nk3\te3\n"},
	} {
		var e ends
		p := e.printer(c.o)
		for _, j := range jobs {
			must(t, p.Print(j))
		}
		must(t, p.Close())
		e.check(t, p, c.out, c.err)
	}
}

func TestTags(t *testing.T) {
	for _, c := range []struct{ key, text, want string }{
		{"k", "", ""},
		{"k", "\n", "k\t\n"},
		{"k", "\n\n", "k\t\nk\t\n"},
		{"", "x", "\tx\n"},
		{"a\nb\tc\x1b[0m", "x\r\ny", `a\nb\tc\e[0m` + "\tx\r\n" + `a\nb\tc\e[0m` + "\ty\n"},
	} {
		for step := 1; step <= 3; step++ {
			var b bytes.Buffer
			tg := newTagger(&sink{to: &b}, c.key)
			for rest := []byte(c.text); len(rest) > 0; rest = rest[min(step, len(rest)):] {
				if _, err := tg.Write(rest[:min(step, len(rest))]); err != nil {
					t.Fatal(err)
				}
			}
			must(t, tg.end())
			if b.String() != c.want {
				t.Errorf("%q of %q: %q, want %q", c.text, c.key, b.String(), c.want)
			}
		}
	}
}

// TestOrderInLittleMemory holds a thousand jobs, most of them in the file.
func TestOrderInLittleMemory(t *testing.T) {
	dir := t.TempDir()
	var e ends
	p := e.printer(Options{KeepOrder: true, Memory: 10_000, TempDir: dir})
	var want strings.Builder
	var jobs []Job
	for seq := 1; seq <= 1000; seq++ {
		text := fmt.Sprint(seq, strings.Repeat("x", seq%97), "\n")
		want.WriteString(text)
		jobs = append(jobs, job(seq, text, ""))
	}
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(1000) {
		must(t, p.Print(jobs[i]))
		if p.hold.memory > 10_000 {
			t.Fatalf("%d bytes in memory", p.hold.memory)
		}
	}
	e.check(t, p, want.String(), "")
	if h := p.hold; h.memory != 0 || h.end != 0 || h.filed != 0 || h.file == nil {
		t.Errorf("afterwards: %+v", h)
	}
	must(t, p.Close())
	if left, _ := filepath.Glob(dir + "/*"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestSpilledOutputGivesUpItsFile: a thousand jobs that wait can't have a
// descriptor each.
func TestSpilledOutputGivesUpItsFile(t *testing.T) {
	var e ends
	p := e.printer(Options{KeepOrder: true})
	for _, seq := range []int{3, 2, 1} {
		r, err := child.Run(t.Context(), &child.Command{
			Argv: []string{"sh", "-c", "echo 123456789; echo $1", "sh", fmt.Sprint(seq)}, MaxOutput: 4, Beyond: child.Spill,
		})
		must(t, err)
		must(t, p.Print(Job{Seq: seq, Stdout: &r.Stdout, Stderr: &r.Stderr}))
		if r.Stdout.Spilled() != 0 {
			t.Errorf("job %d still has its file", seq)
		}
	}
	must(t, p.Close())
	e.check(t, p, "123456789\n1\n123456789\n2\n123456789\n3\n", "")
}

func TestCloseWritesWhatWaits(t *testing.T) {
	var e ends
	p := e.printer(Options{KeepOrder: true, Memory: 3})
	for _, seq := range []int{7, 1, 3, 5} {
		must(t, p.Print(job(seq, fmt.Sprintf("out %d\n", seq), "")))
	}
	e.check(t, p, "out 1\n", "")
	must(t, p.Close())
	e.check(t, p, "out 1\nout 3\nout 5\nout 7\n", "")
}

func TestTwiceIsAnError(t *testing.T) {
	var e ends
	p := e.printer(Options{KeepOrder: true})
	must(t, p.Print(job(1, "a", "")))
	must(t, p.Print(job(3, "c", "")))
	for _, seq := range []int{1, 3} {
		if err := p.Print(job(seq, "again", "")); err == nil {
			t.Errorf("job %d went through twice", seq)
		}
	}
	must(t, p.Close())
	e.check(t, p, "ac", "")
}

// TestNoPlaceToWait: what can't be held is printed at the end all the same.
func TestNoPlaceToWait(t *testing.T) {
	var e ends
	p := e.printer(Options{KeepOrder: true, Memory: 1, TempDir: "/nowhere"})
	if err := p.Print(job(2, "second\n", "")); err == nil || !strings.Contains(err.Error(), "/nowhere") {
		t.Errorf("%v", err)
	}
	must(t, p.Close())
	e.check(t, p, "second\n", "")
}

// TestLinesStayWhole: 8 jobs write lines at once, some in pieces.
func TestLinesStayWhole(t *testing.T) {
	for _, tag := range []bool{false, true} {
		var e ends
		p := e.printer(Options{Tag: tag})
		var jobs sync.WaitGroup
		for seq := 1; seq <= 8; seq++ {
			jobs.Go(func() {
				key := fmt.Sprint(seq)
				for i := range 200 {
					end := child.Stream(i % 2)
					for _, piece := range []string{key, key, key + "\n"} {
						if err := p.Line(seq, key, end, []byte(piece)); err != nil {
							t.Error(err)
						}
					}
				}
				p.Line(seq, key, child.Stderr, []byte(key))
				p.Line(seq, key, child.Stdout, []byte(key)) // both unfinished
				if err := p.End(seq); err != nil {
					t.Error(err)
				}
			})
		}
		jobs.Wait()
		must(t, p.Close())
		for _, b := range []*bytes.Buffer{&e.out, &e.err} {
			lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
			if len(lines) != 8*101 {
				t.Errorf("%d lines", len(lines))
			}
			for _, l := range lines {
				key := l[:1]
				text := strings.TrimPrefix(l, key+"\t")
				if tag == (text == l) || text != key && text != key+key+key {
					t.Fatalf("not a line: %q", l)
				}
			}
		}
		out, errs := p.Written()
		if out != int64(e.out.Len()) || errs != int64(e.err.Len()) {
			t.Errorf("counted %d and %d of %d and %d", out, errs, e.out.Len(), e.err.Len())
		}
	}
}

// TestJobsStayWhole is MIX: jobs that finish at once are not mixed.
func TestJobsStayWhole(t *testing.T) {
	r, w, err := os.Pipe()
	must(t, err)
	p := New(Options{Stdout: w, Stderr: io.Discard})
	var jobs sync.WaitGroup
	for seq := 1; seq <= 8; seq++ {
		jobs.Go(func() {
			if err := p.Print(job(seq, strings.Repeat(fmt.Sprintln(seq), 50_000), "")); err != nil {
				t.Error(err)
			}
		})
	}
	go func() { jobs.Wait(); w.Close() }()
	got, err := io.ReadAll(r)
	must(t, err)
	must(t, r.Close())
	changes := 0
	for i := 2; i < len(got); i += 2 {
		if got[i] != got[i-2] {
			changes++
		}
	}
	if n, _ := p.Written(); len(got) != 8*100_000 || n != int64(len(got)) || changes != 7 {
		t.Errorf("%d bytes, %d counted, %d changes", len(got), n, changes)
	}
}

// shortWriter takes a few bytes, and then no error but not all either.
type shortWriter struct{ room int }

func (w *shortWriter) Write(b []byte) (int, error) {
	n := min(len(b), w.room)
	w.room -= n
	return n, nil
}

// closeCounter is a content that notes that it was closed.
type closeCounter struct {
	Bytes
	closed *int
}

func (c closeCounter) Close() error { *c.closed++; return nil }

func TestErrors(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	r, w := io.Pipe()
	r.Close()
	for _, c := range []struct {
		name string
		to   io.Writer
		want error
		n    int64
	}{
		{"full", full, syscall.ENOSPC, 0},
		{"short", &shortWriter{5}, io.ErrShortWrite, 5},
		{"closed", w, ErrClosed, 0},
	} {
		for _, order := range []bool{false, true} {
			if s, ok := c.to.(*shortWriter); ok {
				s.room = int(c.n)
			}
			closed := 0
			var errs bytes.Buffer
			p := New(Options{Stdout: c.to, Stderr: &errs, KeepOrder: order})
			content := closeCounter{Bytes("0123456789"), &closed}
			must(t, errNil(p.Print(Job{Seq: 2, Stdout: content}), order))
			err := p.Print(Job{Seq: 1, Stdout: content, Stderr: Bytes("said")})
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), "standard output") {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
			if err := p.Line(3, "", child.Stderr, []byte("x\n")); !errors.Is(err, c.want) {
				t.Errorf("%s: a line: %v", c.name, err)
			}
			if err := p.Close(); !errors.Is(err, c.want) {
				t.Errorf("%s: close: %v", c.name, err)
			}
			if n, m := p.Written(); n != c.n || m != 0 || errs.Len() != 0 || closed != 2 {
				t.Errorf("%s: counted %d and %d, want %d; %q; %d closed", c.name, n, m, c.n, &errs, closed)
			}
		}
	}
}

// errNil is nil where the error isn't expected: in order, nothing is written yet.
func errNil(err error, expected bool) error {
	if expected {
		return err
	}
	return nil
}

// TestClosedStandardOutput is the process with its own standard output closed:
// it lives to exit as it wants.
func TestClosedStandardOutput(t *testing.T) {
	self, err := os.Executable()
	must(t, err)
	r, w, err := os.Pipe()
	must(t, err)
	r.Close()
	defer w.Close()
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "PARFOR_OUTPUT_TEST=closed")
	cmd.Stdout = w
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != 141 {
		t.Errorf("%v, want exit code 141", err)
	}
}

func closedOutput() int {
	p := New(Options{})
	if errors.Is(p.Print(job(1, "x", "")), ErrClosed) {
		return 141
	}
	return 1
}

// FuzzOrder: whatever the order and the memory, the bytes are those in order.
func FuzzOrder(f *testing.F) {
	f.Add([]byte("one\ntwo\nthree"), uint64(1), 10, 3)
	f.Fuzz(func(t *testing.T, data []byte, seed uint64, memory, step int) {
		step = max(step, 1)
		var jobs []Job
		rest := data
		for ; len(rest) > 0 && len(jobs) < 200; rest = rest[min(step, len(rest)):] {
			jobs = append(jobs, job(len(jobs)+1, string(rest[:min(step, len(rest))]), "e"))
		}
		var e ends
		p := e.printer(Options{KeepOrder: true, Memory: int64(max(memory, 1)), TempDir: os.TempDir()})
		for _, i := range rand.New(rand.NewPCG(seed, 0)).Perm(len(jobs)) {
			must(t, p.Print(jobs[i]))
		}
		must(t, p.Close())
		want := data[:len(data)-len(rest)]
		e.check(t, p, string(want), strings.Repeat("e", len(jobs)))
	})
}

// TestNoRoomToWait: the error names the item, the place it has no room in, and
// the way out.
func TestNoRoomToWait(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	p := New(Options{Stdout: io.Discard, Stderr: io.Discard, KeepOrder: true, Memory: 1})
	p.hold.file = full
	err = p.Print(Job{Seq: 2, Key: "second", Stdout: Bytes("waits for the first")})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	for _, part := range []string{"the output of second, which waits for its turn: ", "/dev/full: no space left on device", "TMPDIR", "--keep-order"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in: %v", part, err)
		}
	}
	p = New(Options{Stdout: io.Discard, Stderr: io.Discard, KeepOrder: true, Memory: 1, TempDir: "/nowhere"})
	if err := p.Print(Job{Seq: 2, Key: "second", Stdout: Bytes("waits")}); err == nil || !strings.Contains(err.Error(), "the output of second") || !strings.Contains(err.Error(), "/nowhere") {
		t.Error(err)
	}
}
