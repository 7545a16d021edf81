package item

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// repeated is a text so many times, made as it is read.
func repeated(first, text string, n int, last string) io.Reader {
	return io.MultiReader(strings.NewReader(first), &repeater{text: text, left: n}, strings.NewReader(last))
}

type repeater struct {
	text string
	left int
	rest string
}

func (r *repeater) Read(p []byte) (int, error) {
	if r.rest == "" {
		if r.left == 0 {
			return 0, io.EOF
		}
		r.left--
		r.rest = r.text
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// TestMemoryIsFlat looks at what is in use after a tenth of the items and at the
// end: it is the same, however many there are.
func TestMemoryIsFlat(t *testing.T) {
	const n = 100_000
	for _, c := range []struct {
		format            Format
		first, text, last string
		multiplied        bool
	}{
		{format: Lines, text: "the text of a line\n"},
		{format: Lines, text: "the text of a line\n", multiplied: true},
		{format: Null, text: "a name\x00"},
		{format: CSV, first: "id,name\n", text: "1,\"An\nn\"\n"},
		{format: TSV, first: "id\tname\n", text: "1\tAnn\n"},
		{format: JSONL, text: "{\"a\": [1, 2]}\n"},
		{format: Document, first: "[1", text: ",\n{\"a\": 1}", last: "]"},
		{format: Document, first: "{\"x\": 1", text: ",\n\"name\": {\"a\": 1}", last: "}"},
	} {
		name := fmt.Sprintf("%s multiplied %v", c.format, c.multiplied)
		specs, of := Specs([]string{"-"}), n
		if c.multiplied {
			specs, of = append(specs, Specs([]string{"1..2"})...), 2*n
		}
		s, err := Open(specs, Options{Format: c.format, Stdin: repeated(c.first, c.text, n, c.last)})
		if err != nil {
			t.Fatal(name, err)
		}
		var early uint64
		read := 0
		for _, err := range s.All() {
			if err != nil {
				t.Fatal(name, err)
			}
			if read++; read == of/10 {
				early = inUse()
			}
		}
		if late := inUse(); late > early+256<<10 {
			t.Errorf("%s: %d bytes after %d items, %d after %d", name, early, of/10, late, read)
		}
		if read < of {
			t.Errorf("%s: %d items of %d", name, read, of)
		}
		s.Close()
	}
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestALineAllocatesItsText and nothing else.
func TestALineAllocatesItsText(t *testing.T) {
	const n = 10_000
	allocs := testing.AllocsPerRun(5, func() {
		s, err := Open(Specs([]string{"-"}), Options{Stdin: repeated("", "a line\n", n, "")})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for range s.All() {
		}
	})
	if allocs < n || allocs > n+100 {
		t.Errorf("%d lines take %v allocations", n, allocs)
	}
}

// TestEachRowOnceInOrder is complaint 21: rows that are repeated, left out or
// drawn by lot.
func TestEachRowOnceInOrder(t *testing.T) {
	t.Chdir(t.TempDir())
	var csv, json strings.Builder
	csv.WriteString("id\n")
	json.WriteString("[")
	const n = 30_000
	for i := range n {
		fmt.Fprintf(&csv, "%d\n", i)
		if i > 0 {
			json.WriteString(",")
		}
		fmt.Fprintf(&json, `{"id":"%d"}`, i)
	}
	json.WriteString("]")
	write(t, "a.csv", csv.String())
	write(t, "a.json", json.String())
	for _, source := range []string{"a.csv", "a.json"} {
		items, err := readItems(t, Specs([]string{source}), Options{})
		if err != nil || len(items) != n {
			t.Fatal(source, len(items), err)
		}
		for i := range items {
			if v, _ := items[i].Field("id"); v.Text != fmt.Sprint(i) || items[i].Seq != i+1 {
				t.Fatalf("%s: item %d is %+v", source, i+1, items[i])
			}
		}
	}
}

// TestATotalWaitsForNothing is complaint 9: progress that has all input read
// before the first job starts. The first item is there before the second is
// written, and asking for the total doesn't change that.
func TestATotalWaitsForNothing(t *testing.T) {
	r, w := io.Pipe()
	s, err := Open(Specs([]string{"-"}), Options{Stdin: r})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	go io.WriteString(w, "1\n")
	n := 0
	for _, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		if _, known := s.Total(); known {
			t.Error("the total of an input that goes on is known")
		}
		if n++; n == 1 {
			go func() {
				io.WriteString(w, "2\n")
				w.Close()
			}()
		}
	}
	if total, known := s.Total(); n != 2 || total != 2 || !known {
		t.Errorf("%d items, total %d, %v", n, total, known)
	}
}
