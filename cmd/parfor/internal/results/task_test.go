package results

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestAnotherTemplate(t *testing.T) {
	path := in(t, "r.db")
	r := open(t, base, path)
	do(t, r, 1)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	o := base
	o.Resume, o.Fingerprint = true, "http\nGET https://api.test/v2/{}"
	refused := func() {
		t.Helper()
		_, err := tryOpen(o, path)
		for _, part := range []string{"was: GET https://api.test/{}\n", "now: GET https://api.test/v2/{}\n", "--force", "--changed"} {
			if !errors.Is(err, ErrTemplate) || !strings.Contains(err.Error(), part) {
				t.Fatalf("%v", err)
			}
		}
	}
	refused() // by the journal
	o2 := base
	o2.Resume = true
	finish(t, open(t, o2, path))
	refused() // by the database
	o.Changed = ChangedKeep
	r = open(t, o, path)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	o.Changed = ""
	r = open(t, o, path) // it has the new template now
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAnotherTemplateOfAFile: a finished file of any format is refused as a
// journal is, at once and with nothing changed.
func TestAnotherTemplateOfAFile(t *testing.T) {
	for _, suffix := range suffixes {
		path := in(t, "r"+suffix)
		r := open(t, base, path)
		do(t, r, 1)
		do(t, r, 4)
		finish(t, r)
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		o := base
		o.Resume, o.Fingerprint = true, "http\nGET https://api.test/v2/{}"
		_, err = tryOpen(o, path)
		if !errors.Is(err, ErrTemplate) || !strings.Contains(err.Error(), "GET https://api.test/v2/{}") || !strings.Contains(err.Error(), "--changed rerun") {
			t.Errorf("%s: %v", suffix, err)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != string(before) || there(journalOf(path)) {
			t.Errorf("%s: touched, %v", suffix, err)
		}
		o.Changed = ChangedKeep
		r = open(t, o, path)
		if d, err := r.Plan(1, "k1", "other"); err != nil || d.Action != Skip {
			t.Errorf("%s: %v %v", suffix, d, err)
		}
		do(t, r, 2) // with the new template
		finish(t, r)
		o.Changed = ""
		r = open(t, o, path) // which counts, though what was kept has the old one
		if d, err := r.Plan(1, "k2", "2"); err != nil || d.Action != Skip {
			t.Errorf("%s: %v %v", suffix, d, err)
		}
		if _, err := r.Plan(2, "k1", "other"); !errors.Is(err, ErrChanged) {
			t.Errorf("%s: %v", suffix, err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNoTemplateKnown: of records that don't tell, as others may write them, each
// is looked at.
func TestNoTemplateKnown(t *testing.T) {
	path := in(t, "r.jsonl")
	if err := os.WriteFile(path, []byte(`{"key":"k1","seq":1,"status":"ok","task":"1"}`+"\n"+`{"key":"k2","seq":2,"status":"ok"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := base
	o.Resume = true
	r := open(t, o, path)
	if d, err := r.Plan(1, "k1", "1"); err != nil || d.Action != Skip {
		t.Errorf("%v %v", d, err)
	}
	if _, err := r.Plan(2, "k2", "2"); !errors.Is(err, ErrChanged) {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestStamp(t *testing.T) {
	a, b := stampOf("run sh -c 'echo {}'"), stampOf("run sh -c 'echo  {}'")
	if a == b || len(a) != 9 || stampOf("") != "" {
		t.Error(a, b)
	}
	for task, want := range map[string][2]string{"": {"", ""}, "x": {"", "x"}, "x.": {"x.", ""}, a + "y": {a, "y"}} {
		if stampIn(task) != want[0] || unstamped(task) != want[1] {
			t.Errorf("%q: %q, %q", task, stampIn(task), unstamped(task))
		}
	}
}
