package results

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"
)

// encode appends a record as JSON, the same that json.Marshal makes of it, for a
// third of its time: there is one for every request.
func encode(b *bytes.Buffer, k *Kept) error {
	b.WriteString(`{"key":`)
	text(b, k.Key)
	number(b, `,"seq":`, k.Seq)
	b.WriteString(`,"status":`)
	text(b, string(k.Status))
	number(b, `,"code":`, k.Code)
	if len(k.Body) > 0 {
		b.WriteString(`,"body":`)
		if err := json.Compact(b, k.Body); err != nil { // on one line, as all of it
			return err
		}
	}
	if k.Output != nil {
		member(b, `,"output":`, *k.Output)
	}
	if len(k.Base64) > 0 {
		b.WriteString(`,"output_base64":"`)
		b.Write(base64.StdEncoding.AppendEncode(b.AvailableBuffer(), k.Base64))
		b.WriteByte('"')
	}
	optional(b, `,"output_file":`, k.File)
	optional(b, `,"stderr":`, k.Stderr)
	optional(b, `,"error":`, k.Error)
	number(b, `,"attempts":`, k.Attempts)
	b.WriteString(`,"started":"`)
	b.Write(k.Started.AppendFormat(b.AvailableBuffer(), time.RFC3339Nano))
	b.WriteString(`","ms":`)
	b.Write(strconv.AppendFloat(b.AvailableBuffer(), k.MS, 'f', -1, 64))
	number(b, `,"worker":`, k.Worker)
	if k.Truncated {
		b.WriteString(`,"truncated":true`)
	}
	optional(b, `,"task":`, k.Task)
	b.WriteByte('}')
	return nil
}

func number(b *bytes.Buffer, name string, n int) {
	b.WriteString(name)
	b.Write(strconv.AppendInt(b.AvailableBuffer(), int64(n), 10))
}

func optional(b *bytes.Buffer, name, value string) {
	if value != "" {
		member(b, name, value)
	}
}

func member(b *bytes.Buffer, name, value string) {
	b.WriteString(name)
	text(b, value)
}

// text appends a JSON string.
func text(b *bytes.Buffer, s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // a string always has JSON
			b.Write(quoted)
			return
		}
	}
	b.WriteByte('"')
	b.WriteString(s)
	b.WriteByte('"')
}

// keyOf is the JSON of the key in that of a record, which begins with it.
func keyOf(object []byte) []byte {
	const begin = len(`{"key":`)
	for i := begin + 1; i < len(object); i++ {
		switch object[i] {
		case '\\':
			i++
		case '"':
			return object[begin : i+1]
		}
	}
	return nil
}
