package item

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"sync"
	"sync/atomic"
)

// countFunc counts the items in a text. What isn't valid may be counted in any
// way: reading it ends with an error.
type countFunc func(*bufio.Reader) (int, error)

// counter counts a file's items while they are worked on, for whoever wants to
// show how far it is. It begins when first asked.
type counter struct {
	file  string
	count countFunc

	mu      sync.Mutex
	begun   bool
	stopped atomic.Bool
	ended   sync.WaitGroup
	n       atomic.Int64 // the count and 1; 0: not known
}

func (c *counter) total() (int, bool) {
	if n := c.n.Load(); n > 0 {
		return int(n - 1), true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.begun && !c.stopped.Load() {
		c.begun = true
		c.ended.Go(c.run)
	}
	return 0, false
}

// run counts. A file that can't be read has no count: its reader says why.
func (c *counter) run() {
	f, err := os.Open(c.file)
	if err != nil {
		return
	}
	defer f.Close()
	if n, err := c.count(bufio.NewReaderSize(untilStopped{f, &c.stopped}, bufferSize)); err == nil {
		c.n.Store(int64(n) + 1)
	}
}

func (c *counter) stop() {
	c.mu.Lock()
	c.stopped.Store(true)
	c.mu.Unlock()
	c.ended.Wait()
}

type untilStopped struct {
	io.Reader
	stopped *atomic.Bool
}

func (u untilStopped) Read(p []byte) (int, error) {
	if u.stopped.Load() {
		return 0, os.ErrClosed
	}
	return u.Reader.Read(p)
}

// counters are how the items of each format are counted.
var counters = map[Format]countFunc{
	Raw: countRaw, Null: countNull, Lines: marked(countText), TSV: marked(countText), CSV: marked(countRows),
	JSONL: marked(countJSONL), Document: marked(countElements),
}

// marked counts what may begin with a mark.
func marked(count countFunc) countFunc {
	return func(r *bufio.Reader) (int, error) {
		if err := skipMark(r); err != nil {
			return 0, err
		}
		return count(r)
	}
}

// countLines counts the lines that the reader of a format won't skip.
func countLines(r *bufio.Reader, sep byte, skipped func(line []byte) bool) (int, error) {
	n := 0
	lines := lineReader{reader: r, sep: sep}
	for {
		line, err := lines.next()
		switch {
		case err == io.EOF:
			return n, nil
		case err != nil:
			return 0, err
		case !skipped(line):
			n++
		}
	}
}

func countRaw(r *bufio.Reader) (int, error) {
	return countLines(r, '\n', func([]byte) bool { return false })
}

func countNull(r *bufio.Reader) (int, error) {
	return countLines(r, 0, func([]byte) bool { return false })
}

func countText(r *bufio.Reader) (int, error) {
	return countLines(r, '\n', func(line []byte) bool { return len(trimReturn(line)) == 0 })
}

func countJSONL(r *bufio.Reader) (int, error) {
	return countLines(r, '\n', func(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 })
}

// countRows counts rows of CSV: lines that aren't empty and don't begin inside
// of quotes. A quote inside of a quoted column is two, so it changes nothing.
func countRows(r *bufio.Reader) (int, error) {
	rows, length, quoted, last := 0, 0, false, byte(0)
	for {
		c, err := r.ReadByte()
		switch {
		case err != nil && err != io.EOF:
			return 0, err
		case err == io.EOF || c == '\n' && !quoted:
			if last == '\r' {
				length--
			}
			if length > 0 {
				rows++
			}
			length = 0
		default:
			length++
			quoted = quoted != (c == '"')
		}
		if err == io.EOF {
			return rows, nil
		}
		last = c
	}
}

// countElements counts what is in an array or object: commas outside of
// everything in it, and one.
func countElements(r *bufio.Reader) (int, error) {
	n, depth, some := 0, 0, false
	for {
		c, err := r.ReadByte()
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, err
		}
		some = some || depth == 1 && c > ' ' && c != ']' && c != '}'
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case ',':
			if depth == 1 {
				n++
			}
		case '"':
			if err := skipString(r); err != nil {
				return 0, err
			}
		}
	}
	if some {
		n++
	}
	return n, nil
}

func skipString(r *bufio.Reader) error {
	for {
		c, err := r.ReadByte()
		if err == nil && c == '\\' {
			_, err = r.ReadByte()
			c = 0
		}
		if err != nil || c == '"' {
			return err
		}
	}
}
