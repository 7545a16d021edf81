package results

import (
	"bytes"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// What reads as CSV is written as CSV that reads the same, and that
// encoding/csv reads too.
func FuzzCSV(f *testing.F) {
	f.Add([]byte("key,seq,output\na,1,\"x\r\n\"\"y\"\"\"\nb,2,\"\"\r\n c ,3,"))
	f.Add([]byte("\ufeffkey,body,output_base64,started,truncated\n1,\"{\"\"a\"\":1}\",AA==,2026-11-28T12:00:00.5Z,true"))
	f.Add([]byte("key\n\"a\"b"))
	f.Add([]byte("key\n\"a\r"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var all []record.Record
		readCSV("x", bytes.NewReader(b), func(r record.Record, err error) bool {
			if err == nil {
				all = append(all, r)
			}
			return err == nil
		})
		rows := []byte(strings.Join(columns, ",") + "\n")
		for i := range all {
			rows = appendRow(rows, &all[i])
		}
		n := 0
		readCSV("y", bytes.NewReader(rows), func(r record.Record, err error) bool {
			if err != nil {
				t.Fatalf("%q: %v", rows, err)
			}
			if !r.Started.Equal(all[n].Started) {
				t.Fatalf("%q: %v", rows, r.Started)
			}
			r.Started = all[n].Started // its zone may be another object
			if !(r.MS != r.MS) && !reflect.DeepEqual(r, all[n]) {
				t.Fatalf("%q:\n%+v\n%+v", rows, r, all[n])
			}
			n++
			return true
		})
		if theirs, err := csv.NewReader(bytes.NewReader(rows)).ReadAll(); n != len(all) || err != nil || len(theirs) != n+1 {
			t.Fatalf("%q: %d of %d, encoding/csv %d, %v", rows, n, len(all), len(theirs), err)
		}
	})
}

// The quick reading of a line's beginning says what encoding/json says.
func FuzzHead(f *testing.F) {
	f.Add("a", 1, "ok", "t", "rest")
	f.Add("\"\\\xff\u2028", -5, "", "", "\n")
	f.Fuzz(func(t *testing.T, key string, seq int, status, task, output string) {
		r := record.Record{Key: key, Seq: seq, Status: record.Status(status), Task: task, Output: &output}
		b, err := r.AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		want, err := (&entry{line: b}).record()
		if err != nil {
			t.Fatal(err)
		}
		h, ok := parseHead(b)
		if !ok || string(h.key) != want.Key || h.seq != want.Seq || h.status != want.Status || h.task != want.Task {
			t.Fatalf("%s: %+v %v", b, h, ok)
		}
		for cut := range b {
			if short, ok := parseHead(b[:cut]); ok && (!bytes.Equal(short.key, h.key) || short.seq != h.seq || short.status != h.status || short.task != h.task) {
				t.Fatalf("%s is %+v", b[:cut], short)
			}
		}
		sealed := seal(append([]byte("x"), b...), 1)[1:]
		open, ok := unseal(sealed[:len(sealed)-1])
		if !ok || string(closed(open)) != string(b) {
			t.Fatalf("%s: %s", b, open)
		}
	})
}

// No file makes a reader panic, or read for ever.
func FuzzRead(f *testing.F) {
	h, err := sealed(newHeader(Options{Fingerprint: "x"}))
	if err != nil {
		f.Fatal(err)
	}
	r := rec(1)
	line, err := r.AppendJSON(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(".journal", append(h, seal(line, 0)...))
	f.Add(".json", []byte(`{"a":{"key":"a","seq":1}}`))
	f.Add(".jsonl", []byte("{\"key\":\"a\"}\n\n{}"))
	f.Fuzz(func(t *testing.T, suffix string, b []byte) {
		if suffix != ".json" && suffix != ".jsonl" && suffix != ".journal" && suffix != ".csv" {
			return
		}
		path := filepath.Join(t.TempDir(), "r"+suffix)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		for r, err := range Read(path) {
			if err != nil {
				break
			}
			if err := Write(io.Discard, JSONL, func(yield func(record.Record, error) bool) { yield(r, nil) }); err != nil && r.MS == r.MS {
				t.Fatalf("%+v: %v", r, err)
			}
		}
	})
}
