package child

import "bytes"

// maxLine is how much of a line waits for its newline.
const maxLine = 1 << 20

// lines cuts a stream into lines as they come.
type lines struct {
	stream Stream
	to     func(Stream, []byte)
	rest   []byte // of a line whose newline has not come
}

// add hands over the lines that b completes.
func (l *lines) add(b []byte) {
	for len(b) > 0 {
		n := bytes.IndexByte(b, '\n') + 1
		switch {
		case n > 0 && len(l.rest) == 0:
			l.to(l.stream, b[:n])
		case n > 0:
			l.rest = append(l.rest, b[:n]...)
			l.flush()
		default:
			n = len(b)
			l.rest = append(l.rest, b...)
			if len(l.rest) >= maxLine {
				l.flush()
			}
		}
		b = b[n:]
	}
}

// flush hands over what waits.
func (l *lines) flush() {
	if len(l.rest) > 0 {
		l.to(l.stream, l.rest)
		l.rest = l.rest[:0]
	}
}
