// Package entryfile writes the entries of a dictionary to a file and reads them
// back: as JSON, JSONL and CSV. It knows types by reflection alone, and keeps
// one entry in memory at a time.
//
// entryfile.go is the encoder and the decoder, json.go, csv.go the formats,
// scan.go and rows.go how their text is taken apart, text.go and cell.go the
// form of one value, fit.go which types JSON can hold, order.go the order of
// keys, replace.go how a file is replaced in one step.
package entryfile

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"strings"
)

// Format of a file.
type Format string

// The formats.
const (
	JSON  Format = "json"
	JSONL Format = "jsonl"
	CSV   Format = "csv"
)

// FormatOf is the format that a file's name tells.
func FormatOf(path string) (Format, error) {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".json":
		return JSON, nil
	case ".jsonl", ".ndjson":
		return JSONL, nil
	case ".csv":
		return CSV, nil
	default:
		return "", fmt.Errorf("%q tells no format: name the file .json, .jsonl or .csv, or say which with As", ext)
	}
}

// Check refuses what is no format.
func (f Format) Check() error {
	switch f {
	case JSON, JSONL, CSV:
		return nil
	}
	return fmt.Errorf("there is no format %q: use JSON, JSONL or CSV", string(f))
}

// Options of encoders and decoders.
type Options struct {
	Columns  []string // of CSV, instead of their own names
	Headless bool     // CSV without a first line of names
	Lenient  bool     // unknown fields and columns are left out
	MaxEntry int      // bytes of one entry that a decoder takes
}

// MaxEntry is the usual bound of one entry.
const MaxEntry = 64 << 20

// Pos is a place in a text; lines and columns count from 1, columns in bytes.
type Pos struct{ Line, Column int }

// Error is what is wrong at a place.
type Error struct {
	Pos
	Err error
}

func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %v", e.Line, e.Column, e.Err)
}

// Unwrap is the error without the place.
func (e *Error) Unwrap() error { return e.Err }

func (p Pos) wrap(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return &Error{p, err}
}

func (p Pos) errorf(format string, args ...any) error { return &Error{p, fmt.Errorf(format, args...)} }

// Encoder writes entries.
type Encoder struct {
	w        io.Writer
	key, val reflect.Value
	form     interface {
		begin(dst []byte) []byte
		entry(dst []byte, key, val reflect.Value) ([]byte, error)
		end(dst []byte) []byte
	}
	buf   []byte
	begun bool
}

// NewEncoder makes an encoder of the entries that key and val, both settable,
// will hold. The error is that the format can't hold their types.
func NewEncoder(w io.Writer, f Format, key, val reflect.Value, o Options) (*Encoder, error) {
	e := &Encoder{w: w, key: key, val: val}
	var err error
	switch f {
	case CSV:
		e.form, err = newTable(key.Type(), val.Type(), o)
	default:
		e.form, err = newJSONForm(key.Type(), val.Type(), f, o)
	}
	return e, err
}

// Entry writes what key and val hold now.
func (e *Encoder) Entry() (err error) {
	b := e.buf[:0]
	if !e.begun {
		e.begun = true
		b = e.form.begin(b)
	}
	if b, err = e.form.entry(b, e.key, e.val); err != nil {
		return fmt.Errorf("the entry of key %s: %w", Shown(e.key), err)
	}
	e.buf = b
	_, err = e.w.Write(b)
	return err
}

// Close writes what comes after the last entry.
func (e *Encoder) Close() error {
	b := e.buf[:0]
	if !e.begun {
		b = e.form.begin(b)
	}
	_, err := e.w.Write(e.form.end(b))
	return err
}

// Decoder reads entries.
type Decoder struct {
	key, val reflect.Value
	form     interface {
		next(s *source, key, val reflect.Value) (Pos, error)
	}
	src *source
}

// NewDecoder makes a decoder that puts the entries into key and val, both
// settable.
func NewDecoder(r io.Reader, f Format, key, val reflect.Value, o Options) (*Decoder, error) {
	if o.MaxEntry == 0 {
		o.MaxEntry = MaxEntry
	}
	d := &Decoder{key: key, val: val, src: newSource(r, o.MaxEntry)}
	var err error
	switch f {
	case CSV:
		var t *table
		t, err = newTable(key.Type(), val.Type(), o)
		d.form = &rows{table: t}
	default:
		var form *jsonForm
		form, err = newJSONForm(key.Type(), val.Type(), f, o)
		d.form = form
	}
	return d, err
}

// Entry reads the next entry and says where it begins. After the last one the
// error is io.EOF.
func (d *Decoder) Entry() (Pos, error) {
	d.key.SetZero()
	d.val.SetZero()
	return d.form.next(d.src, d.key, d.val)
}

// maxShown bounds a key in an error.
const maxShown = 80

// Shown is a key as an error shows it.
func Shown(key reflect.Value) string {
	s := fmt.Sprintf("%v", key.Interface())
	if key.Kind() == reflect.String {
		s = fmt.Sprintf("%.*q", maxShown, key.String())
	}
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown], "") + "…"
	}
	return s
}
