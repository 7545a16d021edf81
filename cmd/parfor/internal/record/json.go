package record

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendJSON appends the record as one line of JSON, without its end. It reads
// back as encoding/json's would; that one costs some three times as much, and
// escapes what only matters in a web page. Bytes that are no UTF-8 become
// U+FFFD. A Body that is no JSON and a time that is no number are errors.
func (r *Record) AppendJSON(b []byte) ([]byte, error) {
	b = AppendString(append(b, `{"key":`...), r.Key)
	b = strconv.AppendInt(append(b, `,"seq":`...), int64(r.Seq), 10)
	b = AppendString(append(b, `,"status":`...), string(r.Status))
	b = appendText(b, `,"task":`, r.Task)
	b = strconv.AppendInt(append(b, `,"code":`...), int64(r.Code), 10)
	b, err := r.appendAnswer(b)
	if err != nil {
		return nil, fmt.Errorf("key %q: the body is no JSON: %w", r.Key, err)
	}
	b = appendText(b, `,"stderr":`, r.Stderr)
	b = appendText(b, `,"error":`, r.Error)
	b = strconv.AppendInt(append(b, `,"attempts":`...), int64(r.Attempts), 10)
	if !r.Started.IsZero() {
		b = append(b, `,"started":"`...)
		b = append(r.Started.AppendFormat(b, time.RFC3339Nano), '"')
	}
	if math.IsNaN(r.MS) || math.IsInf(r.MS, 0) {
		return nil, fmt.Errorf("key %q: %v ms is no time", r.Key, r.MS)
	}
	b = strconv.AppendFloat(append(b, `,"ms":`...), r.MS, 'f', -1, 64)
	b = strconv.AppendInt(append(b, `,"worker":`...), int64(r.Worker), 10)
	if r.Truncated {
		b = append(b, `,"truncated":true`...)
	}
	return append(b, '}'), nil
}

// appendAnswer appends what came back.
func (r *Record) appendAnswer(b []byte) ([]byte, error) {
	if len(r.Body) > 0 {
		body := []byte(r.Body)
		if !utf8.Valid(body) {
			body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
		}
		buf := bytes.NewBuffer(append(b, `,"body":`...))
		if err := json.Compact(buf, body); err != nil {
			return nil, err
		}
		b = buf.Bytes()
	}
	if r.Output != nil {
		b = AppendString(append(b, `,"output":`...), *r.Output)
	}
	if len(r.Base64) > 0 {
		b = append(b, `,"output_base64":"`...)
		b = append(base64.StdEncoding.AppendEncode(b, r.Base64), '"')
	}
	return appendText(b, `,"output_file":`, r.File), nil
}

func appendText(b []byte, name, s string) []byte {
	if s == "" {
		return b
	}
	return AppendString(append(b, name...), s)
}

const hex = "0123456789abcdef"

// AppendString appends s as a JSON string, on one line.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			b = appendEscape(append(b, s[from:i]...), c)
			i++
			from = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(append(b, s[from:i]...), `\ufffd`...)
		case r == '\u2028' || r == '\u2029': // ends of lines to JavaScript, and to Python's splitlines
			b = append(append(b, s[from:i]...), `\u202`...)
			b = append(b, hex[r&0xf])
		default:
			i += size
			continue
		}
		i += size
		from = i
	}
	return append(append(b, s[from:]...), '"')
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
}
