package show

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/record"
	"parfor.dev/parfor/cmd/parfor/internal/results"
)

func text(s string) *string { return &s }

// made writes a file of ten records: 4 and 9 failed, 7 timed out, 10 never began.
func made(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	out, err := results.To(path)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	err = results.WriteFile(out, func(yield func(record.Record, error) bool) {
		for n := 1; n <= 10; n++ {
			r := record.Record{Key: fmt.Sprint("k", n), Seq: n, Status: record.OK, Code: 200, Attempts: 1, Started: at, MS: float64(n * 100), Worker: 1,
				Body: json.RawMessage(fmt.Sprintf(`{"id":%d,"big":12345678901234567890}`, n))}
			switch n {
			case 4, 9:
				r.Status, r.Code, r.Body, r.Attempts = record.Failed, 500+n, nil, 3
				r.Error, r.Output = fmt.Sprintf("HTTP 500 for order %d%d", n, n), text("oops\n\x1b[31m")
			case 7:
				r.Status, r.Code, r.Body, r.Error = record.Timeout, 0, nil, "no answer in 30s"
			case 10:
				r = record.Record{Key: "k10", Seq: 10, Status: record.Canceled}
			}
			if !yield(r, nil) {
				return
			}
			at = at.Add(time.Second)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func run(t *testing.T, path string, o Options) string {
	t.Helper()
	var b strings.Builder
	if err := Run(&b, path, o); err != nil {
		t.Fatalf("%+v: %v", o, err)
	}
	return b.String()
}

func TestFilters(t *testing.T) {
	path := made(t, "r.json")
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{}, "1 2 3 4 5 6 7 8 9 10"},
		{Options{Failed: true}, "4 7 9 10"},
		{Options{OK: true}, "1 2 3 5 6 8"},
		{Options{Statuses: []string{"timeout", "canceled"}}, "7 10"},
		{Options{Codes: []int{504, 509}}, "4 9"},
		{Options{Codes: []int{200}, Failed: true}, ""},
		{Options{Keys: []string{"k2", "k9", "none"}}, "2 9"},
		{Options{Where: ".body.id > 5"}, "6 8"},
		{Options{Where: ".attempts > 1 and .code == 504"}, "4"},
		{Options{Where: "empty"}, ""},
		{Options{Where: `.error | test("order")?`}, "4 9"},
	} {
		c.o.ListKeys = true
		if got := strings.Join(strings.Fields(run(t, path, c.o)), " "); strings.ReplaceAll(got, "k", "") != c.want {
			t.Errorf("%+v: %s", c.o, got)
		}
	}
}

func TestSelect(t *testing.T) {
	path := made(t, "r.jsonl")
	for expr, want := range map[string]string{
		"body.id":            "4",
		".body.big":          "12345678901234567890",
		"key":                "k4",
		"output":             "oops\n\x1b[31m",
		".key, .code":        "k4\n504",
		"{k: .key, n: .seq}": `{"k":"k4","n":4}`,
		".body.id?":          "null",
	} {
		k := "k4"
		if strings.Contains(want, "1234") {
			k = "k1"
		}
		if expr == "body.id" {
			want = "null"
		}
		if got := run(t, path, Options{Select: expr, Keys: []string{k}}); got != want+"\n" {
			t.Errorf("%s: %q", expr, got)
		}
	}
	if got := run(t, path, Options{Select: "body.id", OK: true}); got != "1\n2\n3\n5\n6\n8\n" {
		t.Error(got)
	}
}

func TestSummary(t *testing.T) {
	path := made(t, "r.db")
	want := path + `: 10 records  ok 6  failed 2  timeout 1  canceled 1
from 2026-11-28T12:00:00Z, 8.9s in all, items together 4.5s
ms  min 100  p50 500  p90 800  p95 900  p99 900  p99.9 900  max 900  mean 500
attempts 13: 2 items took more than one
failures:
  2 × failed: HTTP 500 for order N
      k4, k9
  1 × timeout: no answer in Ns
      k7
  1 × canceled: no reason given
      k10
list them: parfor show ` + path + ` --failed --format table
`
	if got := run(t, path, Options{}); got != want {
		t.Errorf("%s\n%s", got, want)
	}
	if got := run(t, path, Options{Keys: []string{"none"}}); got != path+": 0 records\n" {
		t.Error(got)
	}
}

func TestSummaryOfAJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	out, err := results.To(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := results.Open([]results.Output{out}, results.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Append(record.Record{Key: "a", Seq: 1, Status: record.OK}, ""); err != nil {
		t.Fatal(err)
	}
	if got := run(t, path, Options{}); !strings.HasPrefix(got, "("+path+" is not finished") || !strings.Contains(got, "1 record  ok 1") {
		t.Error(got)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestConversions(t *testing.T) {
	path := made(t, "r.json")
	for _, format := range []string{"json", "jsonl", "csv"} {
		got := run(t, path, Options{Format: format, OK: true})
		to := filepath.Join(t.TempDir(), "x."+format)
		if err := os.WriteFile(to, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		if keys := run(t, to, Options{ListKeys: true}); keys != "k1\nk2\nk3\nk5\nk6\nk8\n" {
			t.Errorf("%s: %s", format, keys)
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"x.json", "x.jsonl", "x.csv", "x.db"} {
		to := filepath.Join(dir, name)
		if got := run(t, path, Options{Out: to}); got != "" {
			t.Error(got)
		}
		if a, b := run(t, to, Options{Format: "jsonl"}), run(t, path, Options{Format: "jsonl"}); a != b {
			t.Errorf("%s:\n%s\n%s", name, a, b)
		}
		if err := Run(nil, path, Options{Out: to}); !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), "--force") {
			t.Error(err)
		}
		run(t, path, Options{Out: to, Force: true, Keys: []string{"k1"}})
		if got := run(t, to, Options{ListKeys: true}); got != "k1\n" {
			t.Error(got)
		}
	}
	if got := run(t, path, Options{Out: "-", ListKeys: false}); strings.Count(got, "\n") != 10 {
		t.Error(got)
	}
}

func TestTableAndJoblog(t *testing.T) {
	path := made(t, "r.csv")
	want := `KEY  STATUS   CODE  TRIES  MS   RESULT
k3   ok       200   1      300  {"id":3,"big":12345678901234567890}
k4   failed   504   3      400  HTTP 500 for order 44
k7   timeout  0     1      700  no answer in 30s
`
	if got := run(t, path, Options{Format: "table", Keys: []string{"k3", "k4", "k7"}}); got != want {
		t.Errorf("%s\n%s", got, want)
	}
	want = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n" +
		"3\t:\t1795867202.000\t     0.300\t0\t35\t0\t0\tk3\n" +
		"4\t:\t1795867203.000\t     0.400\t0\t10\t504\t0\tk4\n" +
		"7\t:\t1795867206.000\t     0.700\t0\t0\t-1\t15\tk7\n"
	if got := run(t, path, Options{Format: "joblog", Keys: []string{"k3", "k4", "k7"}}); got != want {
		t.Errorf("%q\n%q", got, want)
	}
}

func TestUsage(t *testing.T) {
	path := made(t, "r.json")
	for part, o := range map[string]Options{
		"leave both out":      {Failed: true, OK: true},
		"--status bad":        {Statuses: []string{"bad"}},
		"--where .[":          {Where: ".["},
		"--where nofunc":      {Where: "nofunc"},
		"--select a b":        {Select: "a b"},
		"choose one":          {ListKeys: true, Select: "key"},
		"--format x":          {Format: "x"},
		"-o FILE.db":          {Format: "db"},
		"no format":           {Out: "x.txt"},
		"is csv, and":         {Out: "x.csv", Format: "json"},
		"the file that is re": {Out: path, Force: true},
	} {
		if err := Run(nil, path, o); !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v", part, err)
		}
	}
	var b strings.Builder
	if err := Run(&b, path+".none", Options{}); err == nil || errors.Is(err, ErrUsage) || b.Len() > 0 {
		t.Errorf("%v %s", err, &b)
	}
	err := Run(&b, path, Options{Where: ".key + 1 > 2"})
	if err == nil || !strings.Contains(err.Error(), `key "k1"`) {
		t.Error(err)
	}
}

func TestKeysOfSeveralLines(t *testing.T) {
	var b strings.Builder
	all := func(yield func(record.Record, error) bool) { yield(record.Record{Key: "a\nb"}, nil) }
	if err := listKeys(&b, all); err == nil || b.Len() > 0 {
		t.Errorf("%v %q", err, b.String())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestWriteErrorsComeBack(t *testing.T) {
	path := made(t, "r.json")
	for _, o := range []Options{{}, {ListKeys: true}, {Select: "key"}, {Format: "json"}, {Format: "jsonl"}, {Format: "csv"}, {Format: "table"}, {Format: "joblog"}} {
		if err := Run(full{}, path, o); err == nil || err.Error() != "full" {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestNormal(t *testing.T) {
	for in, want := range map[string]string{
		"exit 22":                             "exit 22",
		"exit 22: curl: (22)  error\n":        "exit 22: curl: (N) error",
		"HTTP 503":                            "HTTP 503",
		"HTTP 503: request 7f3a9c took 12.5s": "HTTP 503: request H took N.Ns",
		`open "/tmp/a b": no such file`:       `open "…": no such file`,
		"can't find 'x y' and it's bad":       `can't find "…" and it's bad`,
		"id 123e4567-e89b-12d3-a456-426614174000 at 0xdeadBEEF": "id H at H",
		"dial tcp 127.0.0.1:8080: refused":                      "dial tcp N.N.N.N:N: refused",
		"bad face":                                              "bad face",
		strings.Repeat("é", 150):                                strings.Repeat("é", 100) + "…",
	} {
		if got := normal(in); got != want {
			t.Errorf("%q: %q, not %q", in, got, want)
		}
	}
}

func FuzzNormal(f *testing.F) {
	f.Add("exit 22 \"a\xff")
	f.Fuzz(func(t *testing.T, s string) {
		once := normal(s)
		if strings.ContainsAny(once, "\n\r\t") || len(once) > 210 {
			t.Fatalf("%q: %q", s, once)
		}
	})
}

func FuzzPlain(f *testing.F) {
	f.Add("a\x1b[31m\u202e\n")
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range plain(s, 20) {
			if c < ' ' || c >= 0x7f && c < 0xa0 {
				t.Fatalf("%q: %q", s, plain(s, 20))
			}
		}
	})
}

func TestManyKindsAreBounded(t *testing.T) {
	f := failures{map[string]*kind{}}
	letters := "ghijklmnopqrstuvwxyz"
	for i := range 12_000 {
		w := ""
		for n := i; len(w) < 5; n /= 20 {
			w += letters[n%20 : n%20+1]
		}
		f.add(&record.Record{Key: w, Status: record.Failed, Error: w})
	}
	if all := f.sorted(); len(all) != maxKinds+1 || all[0].text != "others" || all[0].count != 2000 {
		t.Errorf("%d %+v", len(f.kinds), f.sorted()[0])
	}
}
