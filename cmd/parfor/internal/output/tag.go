package output

import (
	"bytes"
	"strings"
)

// flushAt is how much tagged output goes out in one write.
const flushAt = 64 << 10

// tagger puts a key before each line.
type tagger struct {
	to     *sink
	tag    string
	inside bool // a line is begun
	buf    []byte
}

func newTagger(to *sink, key string) *tagger { return &tagger{to: to, tag: tagOf(key)} }

var escapes = strings.NewReplacer("\t", `\t`, "\n", `\n`, "\r", `\r`, "\x1b", `\e`)

// tagOf is what precedes a line: a key can't end it or take the terminal.
func tagOf(key string) string { return escapes.Replace(key) + "\t" }

func (t *tagger) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		if !t.inside {
			t.buf = append(t.buf, t.tag...)
		}
		n := bytes.IndexByte(rest, '\n') + 1
		t.inside = n == 0
		if t.inside {
			n = len(rest)
		}
		t.buf = append(t.buf, rest[:n]...)
		rest = rest[n:]
		if len(t.buf) >= flushAt {
			if err := t.flush(); err != nil {
				return len(b) - len(rest), err
			}
		}
	}
	return len(b), nil
}

// end ends the last line, and writes what waits.
func (t *tagger) end() error {
	if t.inside {
		t.buf = append(t.buf, '\n')
		t.inside = false
	}
	return t.flush()
}

func (t *tagger) flush() error {
	if len(t.buf) == 0 {
		return nil
	}
	_, err := t.to.Write(t.buf)
	t.buf = t.buf[:0]
	return err
}
