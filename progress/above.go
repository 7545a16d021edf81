package progress

import (
	"io"

	"parfor.dev/parfor/observe"
)

// Above returns a writer to w, the terminal that o, a [Line], writes to, or a
// file: what is written stands above the line, which is drawn again with the
// next frame, and while a line of w's text has no end, after that. With any
// other observer it is w. The writer is safe for concurrent use.
func Above(o observe.Observer, w io.Writer) io.Writer {
	if l, ok := o.(*line); ok && l.mode == Terminal {
		return &above{l, w}
	}
	return w
}

type above struct {
	l *line
	w io.Writer
}

func (a *above) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return a.w.Write(p)
	}
	l := a.l
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.drawn {
		l.write(eraseLine)
		l.drawn = false
	}
	l.open = p[len(p)-1] != '\n'
	return a.w.Write(p)
}
