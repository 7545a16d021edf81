package leak

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

func TestMain(m *testing.M) { Main(m) }

func TestNothingLeft(t *testing.T) {
	var out bytes.Buffer
	if code := check(func() int { return 0 }, &out); code != 0 || out.Len() > 0 {
		t.Errorf("code %d: %s", code, &out)
	}
}

func TestFailedTestsKeepTheirCode(t *testing.T) {
	if code := check(func() int { return 3 }, nil); code != 3 {
		t.Errorf("code %d", code)
	}
}

func TestGoroutineIsSeen(t *testing.T) {
	b := Before()
	block, ended := make(chan bool), make(chan bool)
	go func() { <-block; close(ended) }()
	seen(t, goroutines(), b.goroutines, "TestGoroutineIsSeen")
	close(block)
	<-ended
	if left := b.Left(); len(left) > 0 {
		t.Errorf("afterwards: %v", left)
	}
}

func TestFileIsSeen(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("files are seen on Linux")
	}
	b := Before()
	f, err := os.Create(t.TempDir() + "/left-open")
	if err != nil {
		t.Fatal(err)
	}
	seen(t, files(), b.files, "left-open")
	f.Close()
	if left := b.Left(); len(left) > 0 {
		t.Errorf("afterwards: %v", left)
	}
}

func TestChildIsSeen(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("children are seen on Linux")
	}
	b := Before()
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	// Its answer says that it is cat by now: a process has no command line in
	// the middle of its exec.
	if _, err := in.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if len(children()) == 0 {
		t.Log("this kernel doesn't list children")
	} else {
		seen(t, children(), b.children, "cat")
	}
	in.Close()
	cmd.Wait()
	if left := b.Left(); len(left) > 0 {
		t.Errorf("afterwards: %v", left)
	}
}

func seen(t *testing.T, now []thing, before map[string]bool, word string) {
	t.Helper()
	if left := appendNew(nil, now, before); len(left) != 1 || !strings.Contains(left[0], word) {
		t.Errorf("%s is not seen: %v", word, left)
	}
}
