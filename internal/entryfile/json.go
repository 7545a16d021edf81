package entryfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"unicode/utf8"
)

// jsonForm is one JSON value, or JSONL. A JSON value is an object where keys
// have a plain form, else an array of {"key":…,"value":…}; it reads both.
type jsonForm struct {
	lines   bool
	lenient bool
	name    *text   // of keys in an object, nil if they have none
	key     *values // nil: as the string that name makes
	val     *values
	back    reflect.Value // to look whether a key comes back; zero: it does
	plain   []byte
	keyRaw  []byte
	valRaw  []byte
	some    bool // an entry is written
	opened  byte // the bracket of the value that is read
}

func newJSONForm(key, val reflect.Type, f Format, o Options) (_ *jsonForm, err error) {
	j := &jsonForm{lines: f == JSONL, lenient: o.Lenient, name: nameOf(key)}
	if j.val, err = newValues(val, o.Lenient); err != nil {
		return nil, fmt.Errorf("values: %w", err)
	}
	if k := key.Kind(); k != reflect.Complex64 && k != reflect.Complex128 {
		if j.key, err = newValues(key, o.Lenient); err != nil && j.name == nil {
			return nil, fmt.Errorf("keys: %w", err)
		}
	}
	if j.key == nil || basicText(key) == nil || marshalsText(key) || marshalsJSON(key) {
		j.back = reflect.New(key).Elem()
	}
	return j, nil
}

func (j *jsonForm) array() bool { return j.name == nil }

func (j *jsonForm) begin(dst []byte) []byte {
	switch {
	case j.lines:
		return dst
	case j.array():
		return append(dst, '[')
	}
	return append(dst, '{')
}

func (j *jsonForm) end(dst []byte) []byte {
	if j.lines {
		return dst
	}
	if j.some {
		dst = append(dst, '\n')
	}
	if j.array() {
		return append(dst, "]\n"...)
	}
	return append(dst, "}\n"...)
}

func (j *jsonForm) entry(dst []byte, key, val reflect.Value) (_ []byte, err error) {
	if !j.lines {
		if j.some {
			dst = append(dst, ',')
		}
		dst = append(dst, "\n  "...)
	}
	j.some = true
	if j.lines || j.array() {
		dst = append(dst, `{"key":`...)
		if dst, err = j.appendKey(dst, key); err != nil {
			return dst, err
		}
		dst = append(dst, `,"value":`...)
	} else {
		if dst, err = j.appendName(dst, key); err != nil {
			return dst, err
		}
		dst = append(dst, ": "...)
	}
	if dst, err = j.val.append(dst, val); err != nil {
		return dst, err
	}
	if j.lines || j.array() {
		dst = append(dst, '}')
	}
	if j.lines {
		dst = append(dst, '\n')
	}
	return dst, nil
}

// appendKey writes a key as a value.
func (j *jsonForm) appendKey(dst []byte, key reflect.Value) ([]byte, error) {
	if j.key == nil {
		return j.appendName(dst, key)
	}
	at := len(dst)
	dst, err := j.key.append(dst, key)
	if err == nil && j.back.IsValid() {
		j.back.SetZero()
		err = same(j.key.parse(dst[at:], Pos{}, j.back), j.back, key)
	}
	return dst, err
}

// appendName writes a key as a string.
func (j *jsonForm) appendName(dst []byte, key reflect.Value) (_ []byte, err error) {
	if j.plain, err = j.name.append(j.plain[:0], key); err != nil {
		return dst, err
	}
	if !utf8.Valid(j.plain) {
		return dst, errUTF8
	}
	if j.back.IsValid() {
		j.back.SetZero()
		if err := same(j.name.parse(string(j.plain), j.back), j.back, key); err != nil {
			return dst, err
		}
	}
	return appendString(dst, string(j.plain))
}

func same(err error, got, want reflect.Value) error {
	if err != nil || !got.Equal(want) {
		return errBack
	}
	return nil
}

func appendString(dst []byte, s string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(s)
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...), err
}

func (j *jsonForm) next(src *source, key, val reflect.Value) (Pos, error) {
	s := scanner{source: src}
	if j.lines {
		return j.line(s, key, val)
	}
	s.entry()
	first := j.opened == 0
	if first {
		b, err := s.take("{[")
		if err != nil {
			return s.pos, err
		}
		if b == '{' && j.name == nil {
			return s.pos, s.pos.errorf(`an object, whose names can't be keys of type %v: an array of {"key":…,"value":…} is needed`, key.Type())
		}
		j.opened = b
	}
	if done, err := j.endOrComma(s, first); done || err != nil {
		if err == nil {
			err = io.EOF
		}
		return s.pos, err
	}
	if _, err := s.more(); err != nil {
		return s.pos, err
	}
	at := s.pos
	if j.opened == '[' {
		return at, j.object(s, key, val)
	}
	return at, j.member(s, key, val)
}

// endOrComma moves to the next entry; done says that there is none, and nothing
// else after that.
func (j *jsonForm) endOrComma(s scanner, first bool) (done bool, err error) {
	closing := byte('}')
	if j.opened == '[' {
		closing = ']'
	}
	b, err := s.more()
	switch {
	case err != nil:
		return false, err
	case b == closing:
		s.next()
		if b, err = s.space(); err == nil {
			return false, s.pos.errorf("%q after the end", b)
		}
		if err == io.EOF {
			err = nil
		}
		return true, err
	case first:
		return false, nil
	}
	_, err = s.take("," + string(closing))
	return false, err
}

// line is one entry of JSONL.
func (j *jsonForm) line(s scanner, key, val reflect.Value) (Pos, error) {
	for { // blank lines are none
		s.entry()
		b, err := s.peek()
		if err != nil {
			return s.pos, err
		}
		if b != ' ' && b != '\t' && b != '\r' && b != '\n' {
			break
		}
		s.next()
	}
	at := s.pos
	s.oneLine = true
	if err := j.object(s, key, val); err != nil {
		return at, err
	}
	for {
		b, err := s.peek()
		if err == io.EOF || b == '\n' {
			return at, nil
		}
		if err == nil && b != ' ' && b != '\t' && b != '\r' {
			err = s.pos.errorf("%q after the entry: one line is one entry", b)
		}
		if err == nil {
			_, err = s.next()
		}
		if err != nil {
			return at, err
		}
	}
}

// member is an entry of an object: its name is the key.
func (j *jsonForm) member(s scanner, key, val reflect.Value) error {
	raw, at, err := s.value(j.keyRaw[:0])
	j.keyRaw = raw
	if err != nil {
		return err
	}
	if raw[0] != '"' {
		return at.errorf("a name in quotes was expected")
	}
	if err := j.parseName(raw, at, key); err != nil {
		return err
	}
	if _, err := s.take(":"); err != nil {
		return err
	}
	raw, at, err = s.value(j.valRaw[:0])
	j.valRaw = raw
	if err != nil {
		return err
	}
	return j.val.parse(raw, at, val)
}

func (j *jsonForm) parseName(raw []byte, at Pos, key reflect.Value) error {
	var s string
	if !utf8.Valid(raw) {
		return at.wrap(errUTF8)
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return place(raw, at, err).wrap(err)
	}
	if err := j.name.parse(s, key); err != nil {
		return at.wrap(fmt.Errorf("key: %w", err))
	}
	return nil
}

// object is an entry {"key":…,"value":…}.
func (j *jsonForm) object(s scanner, key, val reflect.Value) error {
	begin := s.pos
	if _, err := s.take("{"); err != nil {
		return err
	}
	hasKey, hasVal := false, false
	for end := byte(','); end != '}'; {
		if b, err := s.more(); err != nil {
			return err
		} else if b == '}' && !hasKey && !hasVal {
			break
		}
		raw, at, err := s.value(j.keyRaw[:0])
		j.keyRaw = raw
		if err != nil {
			return err
		}
		name := string(raw)
		if _, err := s.take(":"); err != nil {
			return err
		}
		raw, from, err := s.value(j.valRaw[:0])
		j.valRaw = raw
		switch {
		case err != nil:
			return err
		case name == `"key"` && hasKey || name == `"value"` && hasVal:
			return at.errorf("%s comes twice in one entry", name)
		case name == `"key"`:
			hasKey, err = true, j.parseKey(raw, from, key)
		case name == `"value"`:
			hasVal, err = true, j.val.parse(raw, from, val)
		case !j.lenient || name[0] != '"':
			err = at.errorf(`%.*s where "key" or "value" was expected: IgnoreUnknown leaves others out`, maxShown, name)
		}
		if err != nil {
			return err
		}
		if end, err = s.take(",}"); err != nil {
			return err
		}
	}
	switch {
	case !hasKey:
		return begin.errorf(`an entry without "key"`)
	case !hasVal:
		return begin.errorf(`an entry without "value"`)
	}
	return nil
}

func (j *jsonForm) parseKey(raw []byte, at Pos, key reflect.Value) error {
	if j.key != nil {
		return j.key.parse(raw, at, key)
	}
	if raw[0] != '"' {
		return at.errorf("a key of type %v is a string here", key.Type())
	}
	return j.parseName(raw, at, key)
}
