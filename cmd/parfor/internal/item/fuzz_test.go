package item

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
)

// FuzzLines checks that each line is there once, and counted.
func FuzzLines(f *testing.F) {
	for _, text := range []string{"", "a\nb", "a\r\n\r\n\nb\r\r\n", "\xef\xbb\xbfa", "a\x00b\x00", "\xff\xfea", strings.Repeat("x", bufferSize) + "\n\ny"} {
		f.Add([]byte(text), uint8(3))
	}
	f.Fuzz(func(t *testing.T, text []byte, size uint8) {
		for format, sep := range map[Format]string{Raw: "\n", Null: "\x00", Lines: "\n"} {
			got, err := fuzzed(texts{fuzzFile(text, int(size)), format})
			if err != nil {
				if format != Lines {
					t.Fatalf("%s: %v", format, err)
				}
				continue
			}
			rest := text
			if format == Lines {
				rest = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
			}
			want := strings.Split(string(rest), sep)
			if last := len(want) - 1; want[last] == "" {
				want = want[:last]
			}
			i := 0
			for _, line := range want {
				if format == Lines {
					if line = strings.TrimSuffix(line, "\r"); line == "" {
						continue
					}
				}
				if i >= len(got) || got[i].Whole.Text != line || got[i].Seq != i+1 {
					t.Fatalf("%s: item %d of %d is not line %q", format, i+1, len(got), line)
				}
				i++
			}
			if i != len(got) {
				t.Fatalf("%s: %d items of %d lines", format, len(got), i)
			}
			sameCount(t, format, text, len(got), 0)
		}
	})
}

// FuzzRecords checks that nothing panics, and of what is no error each record is
// valid JSON and counted.
func FuzzRecords(f *testing.F) {
	for _, text := range []string{"id,n\n1,\"a\n\"\"b\"\n\n2,", "id\tn\n1\t2\n", "{\"a\":[1,{\"b\":null}]}\n\"x\"", "[1,\"\\u0041]\",{}]", "{\"a\": {\"key\": \"\\\\\"}, \"b\" : 2}",
		"\xef\xbb\xbfa\r\n\"\"\r\n\r", "a\"\n", "[", "{\"a\"", "[1]]", "\"\"\n\r\"\""} {
		f.Add([]byte(text), "a.0.b", uint8(1))
	}
	f.Fuzz(func(t *testing.T, text []byte, path string, size uint8) {
		for _, format := range []Format{CSV, TSV, JSONL, Document} {
			for _, noHeader := range []bool{false, true} {
				open := func(countFunc) (*file, error) { return fuzzFile(text, int(size)), nil }
				in, err := openInput(Options{Format: format, NoHeader: noHeader}, "", open)
				if err != nil {
					continue
				}
				got, err := fuzzed(in)
				for i := range got {
					checkRecord(t, &got[i], path)
				}
				if err == nil {
					header := 0
					if (format == CSV || format == TSV) && !noHeader {
						header = 1
					}
					sameCount(t, format, text, len(got), header)
				}
			}
		}
	})
}

func fuzzFile(text []byte, size int) *file {
	return &file{name: "fuzz", reader: bufio.NewReaderSize(bytes.NewReader(text), 16+size), close: func() {}}
}

func fuzzed(in input) (all []Item, err error) {
	err = in.each(func(it Item) bool {
		all = append(all, it)
		return true
	})
	return all, err
}

func checkRecord(t *testing.T, it *Item, path string) {
	t.Helper()
	if !json.Valid(it.Whole.JSON) {
		t.Fatalf("no JSON: %q", it.Whole.JSON)
	}
	it.Key()
	v, ok := it.Field(path)
	if ok && v.JSON != nil && !json.Valid(v.JSON) {
		t.Fatalf("{%s} of %s is no JSON: %q", path, it.Whole.JSON, v.JSON)
	}
	var object map[string]json.RawMessage
	if path == "" || it.Whole.JSON[0] != '{' || json.Unmarshal(it.Whole.JSON, &object) != nil {
		return
	}
	for name, want := range object {
		if name == "" || name == "key" {
			continue
		}
		if v, ok := it.Field(name); !ok || v.JSON != nil && !bytes.Equal(v.JSON, want) {
			if _, isRow := it.inside.(*row); !isRow { // whose names may be numbers in place of none, or no UTF-8
				t.Fatalf("{%s} of %s is %q, %v", name, it.Whole.JSON, v.JSON, ok)
			}
		}
	}
}

func sameCount(t *testing.T, format Format, text []byte, want, header int) {
	t.Helper()
	n, err := counters[format](bufio.NewReader(bytes.NewReader(text)))
	if n -= header; n < 0 {
		n = 0
	}
	if err != nil || n != want {
		t.Fatalf("%s: %d items are counted as %d, %v: %q", format, want, n, err, text)
	}
}

// FuzzRanges checks ends, order and distances.
func FuzzRanges(f *testing.F) {
	for _, text := range []string{"1..5", "5..1..2", "0..1..0.1", "-01..1", "1..5..0", "0.05..-3.5..-.5", "9223372036854775807..9223372036854775800"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !isRange(text) {
			return
		}
		n, err := newNumbers(text)
		if err != nil {
			return
		}
		if n.count < 1 {
			t.Fatalf("%s has %d numbers", text, n.count)
		}
		first, _, _ := strings.Cut(text, "..")
		want, err := strconv.ParseFloat(first, 64)
		if got := number(t, n.at(0).Text); err != nil || math.Abs(got-want) > 1e-9*math.Abs(want) {
			t.Fatalf("%s begins with %v", text, got)
		}
		for i := range min(n.count, 20) {
			if v := n.at(i); v.JSON != nil && !json.Valid(v.JSON) {
				t.Fatalf("%s has %s", text, v.JSON)
			}
		}
		number(t, n.at(n.count-1).Text)
	})
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
