package lines

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	tailLines = 10
	tailWidth = 1000     // bytes of a line that are kept
	piece     = 64 << 10 // bytes of a line that are handed on at once
)

// tail hands on what a process writes to stderr and keeps the last lines.
type tail struct {
	r    *os.File
	emit func(line []byte)
	done chan struct{}

	mu   sync.Mutex
	last []string
}

func newTail(r *os.File, emit func([]byte)) *tail {
	t := &tail{r: r, emit: emit, done: make(chan struct{})}
	go t.read()
	return t
}

func (t *tail) read() {
	defer close(t.done)
	defer t.r.Close()
	r := bufio.NewReaderSize(t.r, piece)
	for {
		line, err := r.ReadSlice('\n')
		if line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")); len(line) > 0 || err == nil {
			t.keep(line)
			t.emit(line)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return // its end, or finish
		}
	}
}

func (t *tail) keep(line []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.last) == tailLines {
		t.last = append(t.last[:0], t.last[1:]...)
	}
	t.last = append(t.last, strings.ToValidUTF8(string(line[:min(len(line), tailWidth)]), "\uFFFD"))
}

// reset forgets the lines of an item that was answered.
func (t *tail) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = nil
}

func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.last...)
}

// finish reads to the end, or until then if something keeps the pipe open.
func (t *tail) finish(until time.Time) {
	t.r.SetReadDeadline(until)
	<-t.done
}
