//go:build unix

package process_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// logLines is what a text handler without times wrote.
type logLines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logLines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSuffix(l.b.String(), "\n"), "\n")
}

func (l *logLines) handler(o slog.HandlerOptions) slog.Handler {
	o.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
		switch {
		case len(groups) == 0 && a.Key == slog.TimeKey:
			return slog.Attr{}
		case a.Key == slog.SourceKey:
			src := a.Value.Any().(*slog.Source)
			return slog.String("source", src.File[strings.LastIndexByte(src.File, '/')+1:]+" "+src.Function)
		}
		return a
	}
	return slog.NewTextHandler(l, &o)
}

// logging is a pool that logs to logLines, closed by the caller.
func logging(t *testing.T, o slog.HandlerOptions, opts ...process.Option) (*process.Pool, *logLines) {
	t.Helper()
	l := &logLines{}
	p, err := process.NewPool(t.Context(), 1, append(opts, process.Logs(l.handler(o)))...)
	if err != nil {
		t.Fatal(err)
	}
	return p, l
}

type unknown struct{ A int }

// logIt logs in the way that the item names.
func logIt(ctx context.Context, how string) (int, error) {
	switch how {
	case "attrs":
		l := slog.With("a", 1).WithGroup("g").With("b", 2)
		l.InfoContext(ctx, "with", "c", 3, slog.Group("h", "d", 4), "e", errOdd, "u", unknown{5})
	case "print":
		log.Print("printed")
	case "levels":
		slog.Debug("low")
		slog.Warn("high")
		if slog.Default().Enabled(ctx, slog.LevelDebug) {
			return 0, errOdd
		}
	case "exit":
		slog.Error("last words")
		os.Exit(9)
	case "fatal":
		log.Fatal("fatal words")
	case "flood":
		text := strings.Repeat("x", 1000)
		for i := range 5000 {
			slog.Info(text, "i", i)
		}
	default:
		slog.Info(how)
	}
	return 0, nil
}

func logAtInit(context.Context) error { slog.Info("at init"); return nil }

var (
	_ = parfor.Register(logIt)
	_ = process.RegisterInit(logAtInit)
)

func TestLogsComeWithWorkerItemAndLoop(t *testing.T) {
	p, l := logging(t, slog.HandlerOptions{}, process.WorkerInit(logAtInit))
	if _, err := parfor.Map(t.Context(), []string{"plain", "attrs", "print"}, logIt, parfor.On(p), parfor.Name("loopy")); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`level=INFO msg="at init" worker=0`,
		`level=INFO msg=plain worker=0 item=0 loop=loopy`,
		`level=INFO msg=with a=1 g.b=2 g.c=3 g.h.d=4 g.e=odd g.u={A:5} worker=0 item=1 loop=loopy`,
		`level=INFO msg=printed worker=0 item=2 loop=loopy`,
	}
	if got := l.all(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A record names the place in the worker's code, which is the program's.
func TestLogsKnowTheirSource(t *testing.T) {
	p, l := logging(t, slog.HandlerOptions{AddSource: true})
	parfor.Submit(t.Context(), p, logIt, "here").Result(t.Context())
	p.Close()
	if got := l.all()[0]; !strings.Contains(got, `source="logs_test.go parfor.dev/parfor/process_test.logIt"`) {
		t.Errorf("got %s", got)
	}
}

// A level that nobody wants is not even enabled in the worker.
func TestLogsOfALevelThatNobodyWantsAreNotMade(t *testing.T) {
	p, l := logging(t, slog.HandlerOptions{Level: slog.LevelWarn})
	_, err := parfor.Submit(t.Context(), p, logIt, "levels").Result(t.Context())
	p.Close()
	if got := l.all(); err != nil || len(got) != 1 || !strings.Contains(got[0], "msg=high") {
		t.Errorf("%v, %v", got, err)
	}
}

func TestLogsBeforeACrashAreNotLost(t *testing.T) {
	for _, how := range []string{"exit", "fatal"} {
		p, l := logging(t, slog.HandlerOptions{}, process.Stderr(discard{}))
		_, err := parfor.Submit(t.Context(), p, logIt, how).Result(t.Context())
		var we *parfor.WorkerError
		if !errors.As(err, &we) {
			t.Errorf("%s: %v", how, err)
		}
		p.Close()
		if got := l.all(); len(got) != 1 || !strings.Contains(got[0], "words") || !strings.Contains(got[0], "item=0") {
			t.Errorf("%s: %q", how, got)
		}
	}
}

// Several tasks at once in a worker: the context tells them apart.
func TestLogsOfSeveralItemsInOneWorker(t *testing.T) {
	p, l := logging(t, slog.HandlerOptions{}, process.ItemsPerWorker(4))
	items := make([]string, 40)
	for i := range items {
		items[i] = "attrs"
	}
	parfor.Map(t.Context(), items, logIt, parfor.On(p), parfor.Name("many"), parfor.Timeout(soon))
	p.Close()
	all := strings.Join(l.all(), "\n") + "\n"
	for i := range items {
		if want := fmt.Sprintf(" item=%d loop=many\n", i); strings.Count(all, want) != 1 {
			t.Errorf("item %d: %d records", i, strings.Count(all, want))
		}
	}
}

// gated is a handler that waits.
type gated struct {
	slog.Handler
	open chan struct{}
}

func (g gated) Handle(ctx context.Context, r slog.Record) error {
	<-g.open
	return g.Handler.Handle(ctx, r)
}

// A handler that hangs costs bodies a second each worker, then records; it is
// told how many when it goes on.
func TestAHandlerThatHangsKeepsNoBody(t *testing.T) {
	l := &logLines{}
	open := make(chan struct{})
	p, err := process.NewPool(t.Context(), 1, process.Logs(gated{l.handler(slog.HandlerOptions{}), open}))
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	_, err = parfor.Map(t.Context(), []string{"flood", "flood"}, logIt, parfor.On(p))
	if took := time.Since(begin); err != nil || took > soon {
		t.Errorf("%v after %v", err, took)
	}
	close(open)
	p.Close()
	kept, dropped := 0, 0
	for _, line := range l.all() {
		n := 0
		if _, err := fmt.Sscanf(line, `level=WARN msg="parfor: log records were dropped" dropped=%d worker=0`, &n); err == nil {
			dropped += n
		} else if strings.Contains(line, "level=INFO msg=xxx") {
			kept++
		}
	}
	if kept+dropped != 10_000 || kept < 900 {
		t.Errorf("%d records, %d dropped", kept, dropped)
	}
}

// A slow handler slows bodies down, and loses nothing.
func TestASlowHandlerLosesNothing(t *testing.T) {
	p, l := logging(t, slog.HandlerOptions{})
	if _, err := parfor.Submit(t.Context(), p, logIt, "flood").Result(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.Close()
	if n := len(l.all()); n != 5000 {
		t.Errorf("%d records", n)
	}
}

func TestLogsNil(t *testing.T) {
	for _, h := range []slog.Handler{nil, (*slog.TextHandler)(nil)} {
		if _, err := process.NewPool(t.Context(), 1, process.Logs(h)); !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), "Logs(nil)") {
			t.Errorf("got %v", err)
		}
	}
}

func BenchmarkLogRecord(b *testing.B) {
	p, err := process.NewPool(b.Context(), 1, process.Logs(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	for i := 0; i < b.N; i += 5000 {
		parfor.Submit(b.Context(), p, logIt, "flood").Result(b.Context())
	}
}
