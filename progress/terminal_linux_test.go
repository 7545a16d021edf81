package progress

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"parfor.dev/parfor/observe"
)

// openTerminal opens a pseudo terminal: what is written to tty is read from
// master.
func openTerminal(t *testing.T) (master, tty *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { tty.Close() })
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 44}); err != nil {
		t.Fatal(err)
	}
	return master, tty
}

func TestAutoKnowsATerminal(t *testing.T) {
	for name, test := range map[string]struct {
		env   map[string]string
		mode  Mode
		color bool
	}{
		"terminal":      {nil, Terminal, true},
		"no colour":     {map[string]string{"NO_COLOR": "1"}, Terminal, false},
		"dumb terminal": {map[string]string{"TERM": "dumb"}, Plain, false},
		"CI":            {map[string]string{"CI": "true"}, Plain, false},
		"CI=false":      {map[string]string{"CI": "false"}, Terminal, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, k := range []string{"NO_COLOR", "CI"} {
				t.Setenv(k, "")
			}
			t.Setenv("TERM", "xterm")
			for k, v := range test.env {
				t.Setenv(k, v)
			}
			_, tty := openTerminal(t)
			l := Line(tty).(*line)
			if l.mode != test.mode || l.color != test.color {
				t.Errorf("mode %v colour %v, want %v and %v", l.mode, l.color, test.mode, test.color)
			}
		})
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if l := Line(null).(*line); l.mode != Plain {
		t.Error("/dev/null is taken for a terminal")
	}
}

func TestTheLineFitsTheTerminal(t *testing.T) {
	master, tty := openTerminal(t)
	o := Line(tty, As(Terminal), Color(false))
	o.Start(observe.Start{Loop: 1, Name: "post", Workers: 2, Total: 1000})
	o.Frame(observe.Frame{Loop: 1, At: 1e9, Total: 1000, Totals: observe.Totals{OK: 500, Running: 2}})
	buf := make([]byte, 4096)
	n, err := master.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	got := string(buf[:n])
	if want := "post  50.0 %  500/1,000  500/s  ETA –"; got != want {
		t.Errorf("44 columns: %q, want %q", got, want)
	}
	if strings.Contains(got, "\n") || wide(got) >= 44 {
		t.Errorf("%q does not fit 44 columns", got)
	}
}
