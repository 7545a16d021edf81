package results

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

var suffixes = []string{".json", ".jsonl", ".csv", ".db"}

func TestEveryFormatReadsBack(t *testing.T) {
	for _, suffix := range suffixes {
		t.Run(suffix, func(t *testing.T) {
			path := in(t, "a b%?#é"+suffix)
			r := open(t, base, path)
			var want []record.Record
			for n := 1; n <= 10; n++ {
				w := rec(n)
				w.Task = stampOf(base.Fingerprint) + strings.TrimPrefix(w.Key, "k")
				want = append(want, w)
			}
			for _, n := range []int{2, 1, 5, 10, 3, 4, 9, 8, 7, 6} {
				do(t, r, n)
			}
			if there(path) {
				t.Error("there before the end")
			}
			if got := read(t, path); !reflect.DeepEqual(got, want) {
				t.Errorf("the journal:\n%+v\n%+v", got, want)
			}
			s := finish(t, r)
			if want := (Summary{Counts: Counts{OK: 8, Failed: 2}, Safe: 10}); s != want {
				t.Errorf("%+v", s)
			}
			if there(journalOf(path)) {
				t.Error("the journal is left")
			}
			got := read(t, path)
			for i := range want {
				if !reflect.DeepEqual(got[i], want[i]) {
					t.Errorf("\n%+v\n%+v", got[i], want[i])
				}
			}
			left, err := os.ReadDir(filepath.Dir(path))
			if err != nil || len(left) != 1 {
				t.Errorf("%v %v", left, err)
			}
		})
	}
}

func TestEmpty(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for _, suffix := range suffixes {
		paths = append(paths, filepath.Join(dir, "r"+suffix))
	}
	s := finish(t, open(t, base, paths...))
	if s != (Summary{}) {
		t.Errorf("%+v", s)
	}
	for _, p := range paths {
		if got := read(t, p); len(got) != 0 {
			t.Errorf("%s: %v", p, got)
		}
	}
	if b, err := os.ReadFile(paths[0]); err != nil || string(b) != "{}\n" {
		t.Errorf("%q %v", b, err)
	}
}
