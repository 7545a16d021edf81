//go:build linux || darwin

package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// ttyTimeout is after how long a script stops waiting for what doesn't come.
const ttyTimeout = time.Minute

// ttyCommands let a script sit at a terminal:
//
//	terminal 80x24 PROG ARG…  starts a program on a new one: all three ends are it, and its keys send signals
//	see PATTERN               waits until what was written since the last see has it
//	type TEXT                 types: ^C and ^D are those keys, \n is Enter
//	resize 44x24              changes the window
//	ends CODE                 waits for the end of the program; by a signal it is 128 and its number, as in a shell
//	[!] screen PATTERN        what is seen now, without what was drawn over
//	[!] sent PATTERN          all that was written
var ttyCommands = map[string]func(*testscript.TestScript, bool, []string){
	"terminal": startOnTerminal,
	"see":      onTerminal((*ttySession).see),
	"type":     onTerminal((*ttySession).typeKeys),
	"resize":   onTerminal((*ttySession).resize),
	"ends":     onTerminal((*ttySession).ends),
	"screen":   matchTerminal(func(s *ttySession, text string) string { return screenOf(text, s.columns) }),
	"sent":     matchTerminal(func(_ *ttySession, text string) string { return text }),
}

// mayOpenPTY reports whether there are terminals here.
func mayOpenPTY() bool {
	master, tty, err := openPTY()
	if err == nil {
		master.Close()
		tty.Close()
	}
	return err == nil
}

// leader has the terminal as a login shell has, and runs the program in front of
// it. It says with what code that ended and stays, for when it goes the system
// drops what nobody has read yet.
const leader = `trap : INT; "$@"; printf '\000%d\000' $?; exec sleep 600`

// exitSaid is what the leader says at the end.
var exitSaid = regexp.MustCompile(`\x00(\d+)\x00$`)

// ttySession is a program on a terminal of its own.
type ttySession struct {
	master  *os.File
	cmd     *exec.Cmd
	columns int
	seen    int           // of text, by see
	more    chan struct{} // says that there is more text, or its end

	mu   sync.Mutex
	text strings.Builder
	gone bool // nobody has the terminal any more
}

// ttyKey is where a script has the session it began last.
type ttyKey struct{}

func sessionOf(ts *testscript.TestScript) *ttySession {
	s := *ts.Value(ttyKey{}).(**ttySession)
	if s == nil {
		ts.Fatalf("no terminal so far")
	}
	return s
}

func startOnTerminal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: terminal COLUMNSxROWS PROG ARG…")
	}
	master, tty, err := openPTY()
	ts.Check(err)
	defer tty.Close()
	s := &ttySession{master: master, more: make(chan struct{}, 1)}
	ts.Defer(func() { master.Close() })
	s.resize(ts, args[:1])
	s.cmd = exec.Command("sh", append([]string{"-c", leader, "terminal"}, args[1:]...)...)
	s.cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "GORACE", "GOCOVERDIR", "TERM", "NO_COLOR", "CI", "COLUMNS"} {
		if v := ts.Getenv(name); v != "" {
			s.cmd.Env = append(s.cmd.Env, name+"="+v)
		}
	}
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = tty, tty, tty
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	ts.Check(s.cmd.Start())
	read := make(chan struct{})
	go func() { defer close(read); s.read() }()
	ts.Defer(func() {
		s.cmd.Process.Kill() //nolint:errcheck // it is there until now
		s.cmd.Wait()         //nolint:errcheck // it was killed
		master.Close()
		<-read
	})
	*ts.Value(ttyKey{}).(**ttySession) = s
}

// read takes what the program writes until nobody has the terminal any more.
func (s *ttySession) read() {
	b := make([]byte, 4096)
	for {
		n, err := s.master.Read(b)
		s.mu.Lock()
		s.text.Write(b[:n])
		s.gone = s.gone || err != nil
		s.mu.Unlock()
		select {
		case s.more <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// now is what the program has written, and its exit code, -1 while it runs.
func (s *ttySession) now() (text string, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text = s.text.String()
	if end := exitSaid.FindStringSubmatchIndex(text); end != nil {
		code, _ = strconv.Atoi(text[end[2]:end[3]])
		return text[:end[0]], code
	}
	return text, -1
}

// await waits until ok says so of all text and the exit code, and fails the
// script when that can't be any more.
func (s *ttySession) await(ts *testscript.TestScript, what string, ok func(text string, code int) bool) {
	late := time.After(ttyTimeout)
	for {
		text, code := s.now()
		if ok(text, code) {
			return
		}
		if code >= 0 || s.isGone() {
			ts.Fatalf("the end with code %d, without %s: %q", code, what, text)
		}
		select {
		case <-s.more:
		case <-late:
			ts.Fatalf("no %s for %v: %q", what, ttyTimeout, text)
		}
	}
}

func (s *ttySession) isGone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone
}

func (s *ttySession) see(ts *testscript.TestScript, args []string) {
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	s.await(ts, args[0], func(text string, _ int) bool {
		at := pattern.FindStringIndex(text[s.seen:])
		if at != nil {
			s.seen += at[1]
		}
		return at != nil
	})
}

func (s *ttySession) typeKeys(ts *testscript.TestScript, args []string) {
	_, err := s.master.WriteString(strings.NewReplacer("^C", "\x03", "^D", "\x04", `\n`, "\n").Replace(args[0]))
	ts.Check(err)
}

func (s *ttySession) resize(ts *testscript.TestScript, args []string) {
	size := unix.Winsize{}
	_, err := fmt.Sscanf(args[0], "%dx%d", &size.Col, &size.Row)
	ts.Check(err)
	s.columns = int(size.Col)
	ts.Check(onFD(s.master, func(fd int) error { return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &size) }))
}

func (s *ttySession) ends(ts *testscript.TestScript, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	s.await(ts, "its exit code", func(_ string, code int) bool { return code >= 0 })
	if text, got := s.now(); got != want {
		ts.Fatalf("exit code %d, want %d: %q", got, want, text)
	}
}

// onTerminal is a command about the session, with one argument.
func onTerminal(f func(*ttySession, *testscript.TestScript, []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("it takes one argument, and no !")
		}
		f(sessionOf(ts), ts, args)
	}
}

// matchTerminal is a command that looks at what has been written.
func matchTerminal(view func(*ttySession, string) string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if len(args) != 1 {
			ts.Fatalf("it takes one pattern")
		}
		s := sessionOf(ts)
		text, _ := s.now()
		shown := view(s, text)
		pattern, err := regexp.Compile("(?m)" + args[0])
		ts.Check(err)
		if pattern.MatchString(shown) == neg {
			ts.Fatalf("%v that it matches %s:\n%s\n%q", neg, args[0], shown, text)
		}
	}
}

// onFD calls f with a file's number, and leaves the file as it is.
func onFD(file *os.File, f func(fd int) error) error {
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := conn.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		return err
	}
	return failed
}
