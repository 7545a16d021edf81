package parfor

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/journalfile"
	"parfor.dev/parfor/internal/typename"
)

// journalHeader says whose journal it is to be, or why the loop can't have one.
func journalHeader[In, Out any](b *body[In, Out], c *config) (h journalfile.Header, err error) {
	if h.Name, err = b.lasting(c); err != nil {
		return h, err
	}
	h.In, h.Out, h.Version, h.Build = typename.For[In](), typename.For[Out](), c.journaled.version, thisBuild()
	item := ""
	if c.journaled.itemKey == nil {
		if item, err = formOf[In]("item", "give each item a key with ItemKey"); err != nil {
			return h, err
		}
		if hasMap(reflect.TypeFor[In](), map[reflect.Type]bool{}) {
			return h, fmt.Errorf("%w: Journal: items of type %s hold a map, whose encoding has no fixed order: give each item a key with ItemKey", ErrOption, h.In)
		}
	}
	if !b.noOut {
		if h.Codec, err = formOf[Out]("result", "return something that can be kept"); err != nil {
			return h, err
		}
	}
	if item != "" && item != "raw" {
		h.Codec += "; items: " + item
	}
	return h, nil
}

// lasting is the body's name, if the next build of the program has it too.
func (b *body[In, Out]) lasting(c *config) (string, error) {
	switch {
	case b.registered != nil:
		return b.registered.Name, nil
	case shapeOf(b.name) == plainFunc:
		return strings.ReplaceAll(b.name, "%2e", "."), nil
	case c.name != b.name: // the option Name
		return c.name, nil
	}
	return "", fmt.Errorf("%w: Journal: the body %s has no name that lasts: give the loop one with Name, or register the body with RegisterAs", ErrOption, b.name)
}

// formOf names how values of a type lie in a journal: their codec and, where the
// type has fields, these. Who changes a struct changes that.
func formOf[T any](role, instead string) (string, error) {
	t := reflect.TypeFor[T]()
	if err := roundTrips(t); err != nil {
		return "", fmt.Errorf("%w: Journal: the %s can't be kept: %w; or %s", ErrOption, role, err, instead)
	}
	c := codec.Of[T]()
	if c.Kind == "cbor" {
		var zero T
		if _, err := c.Put(nil, zero); errors.Is(err, codec.ErrNoFallback) {
			return "", fmt.Errorf("%w: Journal: the %s, a %s, has no codec in this program: import parfor.dev/parfor/journal for it, or %s", ErrOption, role, typename.Of(t), instead)
		}
	}
	if c.Kind == "binary" {
		return c.Kind, nil // only its methods know
	}
	form := fields(t, map[reflect.Type]bool{})
	if form == "" {
		return c.Kind, nil
	}
	if len(form) > 300 {
		form = fmt.Sprintf("%s… %x", form[:200], sha256.Sum256([]byte(form)))[:240]
	}
	return c.Kind + " " + form, nil
}

// fields describes what a type is made of, empty for what its name says.
func fields(t reflect.Type, seen map[reflect.Type]bool) string {
	if seen[t] || marshalMethod(t) != "" {
		return ""
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return fields(t.Elem(), seen)
	case reflect.Map:
		return strings.TrimSpace(fields(t.Key(), seen) + " " + fields(t.Elem(), seen))
	case reflect.Struct:
		seen[t] = true
		var b strings.Builder
		b.WriteByte('{')
		for i := range t.NumField() {
			f := t.Field(i)
			if i > 0 {
				b.WriteString("; ")
			}
			b.WriteString(f.Name + " " + typename.Of(f.Type))
			for _, tag := range []string{"cbor", "json"} {
				if v, ok := f.Tag.Lookup(tag); ok {
					b.WriteString(" " + tag + ":" + v)
				}
			}
			if inner := fields(f.Type, seen); inner != "" {
				b.WriteString(" " + inner)
			}
		}
		b.WriteByte('}')
		return b.String()
	}
	if t.Name() != t.Kind().String() { // type celsius float64
		return t.Kind().String()
	}
	return ""
}

// hasMap reports whether values of a type may hold a map that is encoded as one.
func hasMap(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] || marshalMethod(t) != "" {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Map:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return hasMap(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if hasMap(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

// thisBuild tells this build of the program from others: the first bytes of the
// executable have the linker's build ID, which is a digest of all it was made
// of.
var thisBuild = sync.OnceValue(func() string {
	name := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		name = info.Main.Path + " " + info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				name += " " + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	path, err := os.Executable()
	if err != nil {
		return name
	}
	f, err := os.Open(path)
	if err != nil {
		return name
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.CopyN(h, f, 64<<10); err != nil && err != io.EOF {
		return name
	}
	if at, err := f.Stat(); err == nil {
		fmt.Fprint(h, at.Size())
	}
	return fmt.Sprintf("%s %x", name, h.Sum(nil)[:8])
})
