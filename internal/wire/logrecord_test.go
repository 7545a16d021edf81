package wire

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"
)

func aRecord() *LogRecord {
	return &LogRecord{Time: 1e18 + 1, Level: slog.LevelWarn + 1, Where: -77, Loop: 1<<31 | 4, Item: 1 << 40, Dropped: 3, Message: "grüß"}
}

func encoded(attrs []slog.Attr) *LogAttrs {
	l := &LogAttrs{}
	for _, a := range attrs {
		l.Add(a)
	}
	return l
}

type point struct{ X, Y int }

// secret says something else of itself.
type secret string

func (secret) LogValue() slog.Value { return slog.GroupValue(slog.String("kept", "yes")) }

type rude struct{}

func (rude) MarshalText() ([]byte, error) { panic("no") }

func someAttrs() *LogAttrs {
	return encoded([]slog.Attr{
		slog.String("s", "text"), slog.Int("i", -5), slog.Uint64("u", math.MaxUint64), slog.Float64("f", 0.1), slog.Bool("b", true),
		slog.Duration("d", time.Minute), slog.Time("t", time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)),
		slog.Group("g", slog.Int("in", 1), slog.Group("deep", slog.Int("er", 2))), slog.Group("", slog.Int("inline", 3)), slog.Group("empty"),
		slog.Any("error", errors.New("broken")), slog.Any("point", point{1, 2}), slog.Any("secret", secret("x")), slog.Any("rude", rude{}),
		slog.Any("bytes", []byte("raw")), slog.Any("nil", nil), {},
		slog.Time("odd", time.Date(1900, 1, 1, 0, 0, 0, 0, time.FixedZone("LMT", 1172))),
	})
}

func TestLogRecordsRoundTrip(t *testing.T) {
	l := someAttrs().Clone()
	l.Open("open")
	l.Add(slog.Int("last", 9))
	in := aRecord()
	out, err := DecodeLog(AppendLog(nil, in, l))
	if err != nil {
		t.Fatal(err)
	}
	const want = `[s=text i=-5 u=18446744073709551615 f=0.1 b=true d=1m0s t=2026-01-02 03:04:05.000000006 +0000 UTC ` +
		`g=[in=1 deep=[er=2]] inline=3 error=broken point={X:1 Y:2} secret=[kept=yes] rude=!PANIC: no bytes=raw nil=<nil> odd=1900-01-01 00:00:00 +0019 +0019 open=[last=9]]`
	if got := fmt.Sprint(out.Attrs); got != want {
		t.Errorf("attributes\n%s\nwant\n%s", got, want)
	}
	out.Attrs = nil
	if fmt.Sprint(out) != fmt.Sprint(in) {
		t.Errorf("%+v", out)
	}
}

// However much somebody logs at once, a record stays below its bound, and says
// what it lacks.
func TestLogRecordsAreBounded(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	l := &LogAttrs{}
	for range 100 {
		l.Open(long[:1000])
		l.Add(slog.String(long, long))
		l.Add(slog.Group("g", slog.String("k", long), slog.Int("i", 1)))
	}
	deep := slog.Int("x", 1)
	for range 100 {
		deep = slog.Group("g", deep)
	}
	l.Add(deep)
	b := AppendLog(nil, &LogRecord{Message: long}, l)
	r, err := DecodeLog(b)
	if err != nil || len(b) > MaxLog {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	if r.Cut < 100 || !strings.HasSuffix(r.Message, "… (1048576 bytes)") {
		t.Errorf("%d attributes cut, message of %d", r.Cut, len(r.Message))
	}
}

func TestATornLogRecordIsAnError(t *testing.T) {
	whole := AppendLog(nil, aRecord(), encoded([]slog.Attr{slog.Float64("f", 1)}))
	for n := range whole {
		if r, err := DecodeLog(whole[:n]); err == nil && len(r.Attrs) > 0 {
			t.Errorf("%d of %d bytes: %+v", n, len(whole), r)
		}
	}
	for _, bad := range [][]byte{{logEnd}, {logGroup, 200}, {99, 1, 'k'}, {logTime, 1, 'k', 1, 1}} {
		if r, err := DecodeLog(append(AppendLog(nil, aRecord(), &LogAttrs{}), bad...)); err == nil {
			t.Errorf("%v: %+v", bad, r)
		}
	}
}
