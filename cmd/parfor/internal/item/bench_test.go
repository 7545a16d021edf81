package item

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkItems reads files of as many items as the benchmark has rounds, so
// an op is an item.
func BenchmarkItems(b *testing.B) {
	for _, c := range []struct{ name, file, header, line string }{
		{"lines", "in.txt", "", "the text of line %d\n"},
		{"csv", "in.csv", "id,name\n", "%d,Ann O'Neil\n"},
		{"tsv", "in.tsv", "id\tname\n", "%d\tAnn O'Neil\n"},
		{"jsonl", "in.jsonl", "", "{\"id\":%d,\"name\":\"Ann\"}\n"},
	} {
		b.Run(c.name, func(b *testing.B) { benchmark(b, c.file, c.header, c.line) })
	}
	b.Run("range", func(b *testing.B) { benchmarkSource(b, fmt.Sprintf("1..%d", b.N)) })
}

func benchmark(b *testing.B, name, header, line string) {
	var text bytes.Buffer
	text.WriteString(header)
	for i := range b.N {
		fmt.Fprintf(&text, line, i)
	}
	file := filepath.Join(b.TempDir(), name)
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	benchmarkSource(b, file)
}

func benchmarkSource(b *testing.B, source string) {
	s, err := Open(Specs([]string{source}), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	b.ReportAllocs()
	b.ResetTimer()
	n := 0
	for _, err := range s.All() {
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	if n != b.N {
		b.Fatalf("%d items of %d", n, b.N)
	}
}

// BenchmarkCount counts lines; an op is a line.
func BenchmarkCount(b *testing.B) {
	text := bytes.Repeat([]byte("the text of a line, about as long\n"), b.N)
	b.ResetTimer()
	n, err := countText(bufio.NewReader(bytes.NewReader(text)))
	if err != nil || n != b.N {
		b.Fatal(n, err)
	}
}
