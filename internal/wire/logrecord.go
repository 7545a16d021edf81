package wire

import (
	"encoding"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math"
	"time"

	"parfor.dev/parfor/internal/cursor"
)

// Bounds of a record of a worker's log. What is over them is cut, and said to be.
const (
	MaxLog      = 64 << 10 // of the whole, encoded
	maxLogText  = 16 << 10 // of one text in it
	maxLogDepth = 32       // of groups in groups
)

// LogRecord is the payload of Log: a record of package log/slog, and the task it
// belongs to.
type LogRecord struct {
	Time    int64 // Unix nanoseconds; 0 if the record has none
	Level   slog.Level
	Where   int64  // the program counter, as a distance; 0 if there is none
	Loop    uint32 // the pool's number of the loop; 0 outside of tasks
	Item    int64  // -1 outside of tasks
	Dropped uint64 // records before this one that found no room
	Cut     uint64 // attributes that found no room in this one
	Message string
	Attrs   []slog.Attr
}

// AppendLog encodes a record with attributes that were encoded already. Those of
// r are not looked at.
func AppendLog(dst []byte, r *LogRecord, attrs *LogAttrs) []byte {
	dst = binary.AppendVarint(dst, r.Time)
	dst = binary.AppendVarint(dst, int64(r.Level))
	dst = binary.AppendVarint(dst, r.Where)
	dst = binary.AppendUvarint(dst, uint64(r.Loop))
	dst = binary.AppendVarint(dst, r.Item)
	dst = binary.AppendUvarint(dst, r.Dropped)
	dst = binary.AppendUvarint(dst, attrs.cut)
	dst = appendBytes(dst, shorten(r.Message))
	return append(dst, attrs.b...)
}

// LogAttrs are encoded attributes: kind, key and value one after the other. A
// group is a kind and a key, what is in it, and an end, which the end of all may
// stand for. The zero value has none.
type LogAttrs struct {
	b     []byte
	depth int // of groups that are open
	cut   uint64
}

const (
	logEnd byte = iota // of a group
	logText
	logInt
	logUint
	logFloat
	logBool
	logDuration
	logTime
	logGroup
)

// Clone makes a copy that can grow by itself.
func (l *LogAttrs) Clone() *LogAttrs {
	c := *l
	c.b = append(make([]byte, 0, len(l.b)+128), l.b...)
	return &c
}

// Open begins a group that stays open.
func (l *LogAttrs) Open(name string) {
	if l.depth < maxLogDepth && len(l.b)+len(name) < MaxLog/2 {
		l.b = appendBytes(append(l.b, logGroup), name)
		l.depth++
	}
}

// Add encodes an attribute, unless there is no room for it. What has no encoding
// becomes the text that package fmt makes of it.
func (l *LogAttrs) Add(a slog.Attr) {
	mark := len(l.b)
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup && l.depth < maxLogDepth {
		l.group(a.Key, v.Group())
		return
	}
	if a.Equal(slog.Attr{}) {
		return
	}
	kind := logText
	switch v.Kind() {
	case slog.KindInt64:
		kind = logInt
	case slog.KindUint64:
		kind = logUint
	case slog.KindFloat64:
		kind = logFloat
	case slog.KindBool:
		kind = logBool
	case slog.KindDuration:
		kind = logDuration
	case slog.KindTime:
		if _, err := v.Time().MarshalBinary(); err == nil { // it is not for offsets with seconds
			kind = logTime
		}
	}
	l.b = l.value(appendBytes(append(l.b, kind), shorten(a.Key)), kind, v)
	if len(l.b) > MaxLog/2 {
		l.b = l.b[:mark]
		l.cut++
	}
}

// group encodes a group with what of it finds room. One without a key is what is
// in it.
func (l *LogAttrs) group(name string, attrs []slog.Attr) {
	if len(attrs) == 0 {
		return
	}
	if name == "" {
		for _, a := range attrs {
			l.Add(a)
		}
		return
	}
	depth := l.depth
	if l.Open(name); l.depth == depth {
		l.cut++
		return
	}
	for _, a := range attrs {
		l.Add(a)
	}
	l.depth = depth
	l.b = append(l.b, logEnd)
}

func (l *LogAttrs) value(dst []byte, kind byte, v slog.Value) []byte {
	switch kind {
	case logInt:
		return binary.AppendVarint(dst, v.Int64())
	case logUint:
		return binary.AppendUvarint(dst, v.Uint64())
	case logFloat:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Float64()))
	case logBool:
		return append(dst, flag(v.Bool()))
	case logDuration:
		return binary.AppendVarint(dst, int64(v.Duration()))
	case logTime:
		b, _ := v.Time().MarshalBinary()
		return appendBytes(dst, b)
	}
	return appendBytes(dst, shorten(logTextOf(v)))
}

// logTextOf makes text of a value as slog.TextHandler does. A method of it that
// panics is named instead.
func logTextOf(v slog.Value) (s string) {
	if v.Kind() == slog.KindString {
		return v.String()
	}
	defer func() {
		if r := recover(); r != nil {
			s = fmt.Sprintf("!PANIC: %v", r)
		}
	}()
	switch x := v.Any().(type) {
	case encoding.TextMarshaler:
		b, err := x.MarshalText()
		if err != nil {
			return "!ERROR: " + err.Error()
		}
		return string(b)
	case []byte:
		return string(x)
	default:
		return fmt.Sprintf("%+v", x)
	}
}

func shorten(s string) string {
	if len(s) <= maxLogText {
		return s
	}
	return fmt.Sprintf("%s… (%d bytes)", s[:maxLogText], len(s))
}

// DecodeLog decodes a record. It copies what it keeps.
func DecodeLog(b []byte) (*LogRecord, error) {
	d := decoder{cursor.Cursor{B: b}}
	r := &LogRecord{Time: d.Varint(), Level: slog.Level(d.Varint()), Where: d.Varint(), Loop: uint32(d.Uvarint()),
		Item: d.Varint(), Dropped: d.Uvarint(), Cut: d.Uvarint(), Message: string(d.Bytes())}
	r.Attrs = d.attrs(0)
	if d.Bad {
		return nil, errShort
	}
	return r, nil
}

// attrs decodes attributes up to the end of a group or of all.
func (d *decoder) attrs(depth int) (as []slog.Attr) {
	for len(d.B) > 0 && !d.Bad {
		kind := d.Byte()
		if kind == logEnd {
			d.Bad = d.Bad || depth == 0
			return as
		}
		key := string(d.Bytes())
		if kind == logGroup {
			if depth >= maxLogDepth {
				d.Bad = true
				return nil
			}
			as = append(as, slog.Attr{Key: key, Value: slog.GroupValue(d.attrs(depth + 1)...)})
			continue
		}
		as = append(as, slog.Attr{Key: key, Value: d.logValue(kind)})
	}
	return as
}

func (d *decoder) logValue(kind byte) slog.Value {
	switch kind {
	case logText:
		return slog.StringValue(string(d.Bytes()))
	case logInt:
		return slog.Int64Value(d.Varint())
	case logUint:
		return slog.Uint64Value(d.Uvarint())
	case logFloat:
		if len(d.B) < 8 {
			break
		}
		v := math.Float64frombits(binary.LittleEndian.Uint64(d.B))
		d.B = d.B[8:]
		return slog.Float64Value(v)
	case logBool:
		return slog.BoolValue(d.Byte() != 0)
	case logDuration:
		return slog.DurationValue(time.Duration(d.Varint()))
	case logTime:
		var t time.Time
		if t.UnmarshalBinary(d.Bytes()) == nil {
			return slog.TimeValue(t)
		}
	}
	d.Bad = true
	return slog.Value{}
}
