//go:build linux || darwin

package item

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestCloseEndsALoopThatWaits closes a source whose loop has seen all there is
// so far of an input that stays open.
func TestCloseEndsALoopThatWaits(t *testing.T) {
	for _, name := range []string{"stdin", "fifo", "stdin.csv"} {
		t.Run(name, func(t *testing.T) {
			opt, specs, keep := slowInput(t, name)
			defer keep.Close()
			s, err := Open(specs, opt)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			ended := make(chan error, 1)
			seen := make(chan string)
			go func() {
				for it, err := range s.All() {
					if err != nil {
						ended <- err
						return
					}
					seen <- it.Whole.Text
				}
				ended <- nil
			}()
			<-seen // what comes next is a wait, whether it has begun or not
			s.Close()
			if err := <-ended; err != nil {
				t.Errorf("the loop ended with %v", err)
			}
			if n, known := s.Total(); known {
				t.Errorf("a source that was closed halfway has a total: %d", n)
			}
		})
	}
}

// slowInput is an input with one item, of which a writer stays open.
func slowInput(t *testing.T, name string) (Options, []Spec, *os.File) {
	t.Helper()
	if name == "fifo" {
		path := filepath.Join(t.TempDir(), "fifo")
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		w, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		w.WriteString("a\n")
		return Options{}, Specs([]string{path}), w
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	opt := Options{Stdin: r}
	if strings.HasSuffix(name, ".csv") {
		opt.Format = CSV
		w.WriteString("header\n")
	}
	w.WriteString("a\n")
	return opt, Specs([]string{"-"}), w
}

func TestHasInput(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	file, err := os.Open("stdin_test.go")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if !HasInput(r) || !HasInput(file) || HasInput(null) {
		t.Errorf("pipe %v, file %v, nothing %v", HasInput(r), HasInput(file), HasInput(null))
	}
}
