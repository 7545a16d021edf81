package progress_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/progress"
)

const erase = "\r\x1b[K"

func TestAbove(t *testing.T) {
	var screen strings.Builder
	l := progress.Line(&screen, progress.As(progress.Terminal), progress.Width(60), progress.Color(false))
	w := progress.Above(l, &screen)
	l.Start(observe.Start{Loop: 1, Name: "run", Total: 10})
	frame := observe.Frame{Loop: 1, At: time.Second, Total: 10}
	l.Frame(frame)
	line := screen.String()
	if !strings.HasPrefix(line, "run") {
		t.Fatalf("the line is %q", line)
	}
	step := func(what, want string) {
		t.Helper()
		if got := screen.String(); got != want {
			t.Errorf("%s:\n%q\nwant\n%q", what, got, want)
		}
		screen.Reset()
	}
	screen.Reset()
	io.WriteString(w, "one\n")
	io.WriteString(w, "two\n")
	step("erased once", erase+"one\ntwo\n")
	l.Frame(frame)
	step("drawn again", line)
	io.WriteString(w, "no end")
	l.Frame(frame)
	step("not into somebody's line", erase+"no end")
	io.WriteString(w, " yet\n")
	l.Frame(frame)
	step("after it", " yet\n"+line)
	io.WriteString(w, "no end")
	l.End(observe.End{Loop: 1, Frame: frame})
	step("the receipt below it", erase+"no end\n✔ run: 0 ok · 10 not run · 1s\n")
	if progress.Above(progress.JSON(io.Discard), &screen) != &screen {
		t.Error("what has no line is written around")
	}
}
