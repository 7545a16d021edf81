package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// controls are the sequences that parfor may send to a terminal.
var controls = regexp.MustCompile(`^\x1b\[[0-9;]*[A-Za-z]`)

// screenOf is what a terminal of so many columns shows of a text: lines that
// were drawn over, and erased, are gone. The sequences of colours show nothing;
// others, but the one that erases the rest of a line, are shown as they are.
func screenOf(text string, columns int) string {
	rows := [][]rune{nil}
	x := 0
	put := func(r rune) {
		if x == columns {
			rows, x = append(rows, nil), 0
		}
		row := &rows[len(rows)-1]
		for len(*row) <= x {
			*row = append(*row, ' ')
		}
		(*row)[x] = r
		x++
	}
	for len(text) > 0 {
		if seq := controls.FindString(text); seq != "" {
			text = text[len(seq):]
			switch {
			case seq == "\x1b[K":
				row := &rows[len(rows)-1]
				*row = (*row)[:min(x, len(*row))]
			case !strings.HasSuffix(seq, "m"):
				for _, r := range fmt.Sprintf("<%s>", seq[1:]) {
					put(r)
				}
			}
			continue
		}
		r := []rune(text)[0]
		text = text[len(string(r)):]
		switch r {
		case '\r':
			x = 0
		case '\n':
			rows, x = append(rows, nil), 0 // the driver sends \r\n
		case '\b':
			x = max(0, x-1)
		default:
			put(r)
		}
	}
	var lines []string
	for _, row := range rows {
		lines = append(lines, strings.TrimRight(string(row), " "))
	}
	return strings.Join(lines, "\n")
}

func TestScreenOf(t *testing.T) {
	for text, want := range map[string]string{
		"a\r\nb":                   "a\nb",
		"line 1\r\x1b[Kx":          "x",
		"line 1\rx":                "xine 1",
		"\x1b[31mred\x1b[0m":       "red",
		"1234567890":               "12345678\n90",
		"12345678\r\x1b[Kx":        "x",
		"1234567890\r\x1b[Kx\r\ny": "12345678\nx\ny",
		"\x1b[2A":                  "<[2A>",
		"ab\bc":                    "ac",
		"✔ run\r\n":                "✔ run\n",
	} {
		if got := screenOf(text, 8); got != want {
			t.Errorf("%q shows %q, want %q", text, got, want)
		}
	}
}
