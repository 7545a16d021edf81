package dict

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"parfor.dev/parfor/internal/entryfile"
)

// Save writes the dictionary to a file, as it is at one moment; in a task that
// is what the task wrote, over what is committed. The name tells the format:
// .json, .jsonl or .csv; see [As]. Values are written as encoding/json does it,
// in CSV numbers, strings and texts plainly; what Save has written, [Dict.Load]
// reads back as equal entries. What the format can't hold is an error that says
// so, and names the key: NaN in JSON, for one.
//
// The file is replaced in one step: who opens it sees the old one or all of the
// new one. A new file has the permissions 0600, another keeps its own. After an
// error, or when ctx is done, the old file is there and nothing else. Save takes
// effect at once, whatever becomes of the task.
//
// Writers are not held up, as with [Dict.Snapshot]. It needs memory for the
// entries' keys and values as they lie in the dictionary, to sort them; not
// for the text. In a worker process it has Snapshot's limit.
func (d *Dict[K, V]) Save(ctx context.Context, path string, opts ...FileOption) error {
	o, err := fileOptionsOf(opts)
	if err == nil && o.format == "" {
		o.format, err = entryfile.FormatOf(path)
	}
	if err != nil {
		return d.fault("Save", err)
	}
	if _, _, err = d.enter(ctx); err == nil {
		err = entryfile.Replace(path, func(w io.Writer) error { return d.encode(ctx, w, o) })
	}
	if err != nil {
		return d.fault("Save", err)
	}
	return nil
}

// Encode writes the dictionary to w in a format; otherwise as [Dict.Save]. It
// writes every entry with a Write of its own: have a buffer between. After an
// error w has a part of the text.
func (d *Dict[K, V]) Encode(ctx context.Context, w io.Writer, f Format, opts ...FileOption) error {
	o, err := fileOptionsOf(append(slices.Clip(opts), As(f)))
	if err == nil {
		_, _, err = d.enter(ctx)
	}
	if err == nil {
		err = d.encode(ctx, w, o)
	}
	if err != nil {
		return d.fault("Encode", err)
	}
	return nil
}

func (d *Dict[K, V]) encode(ctx context.Context, w io.Writer, o *fileOptions) error {
	var k K
	var v V
	key, val := reflect.ValueOf(&k).Elem(), reflect.ValueOf(&v).Elem()
	e, err := entryfile.NewEncoder(w, o.format, key, val, o.Options)
	if err != nil {
		return err
	}
	write := func(nextKey K, nextVal V) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		k = nextKey
		var err error
		if v, err = d.c.out(nextVal); err != nil { // a marshaler may do as it likes with it
			return err
		}
		return e.Entry()
	}
	if err := d.visit(ctx, o.unsorted, write); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return e.Close()
}

// fault says which dictionary an error is of, once.
func (d *Dict[K, V]) fault(what string, err error) error {
	if strings.HasPrefix(err.Error(), "dict: ") {
		return err
	}
	return fmt.Errorf("dict: %s: %s: %w", d.Name(), what, err)
}

// visit calls f with the entries at one moment until it returns an error.
// Values are the dictionary's, not copies.
func (d *Dict[K, V]) visit(ctx context.Context, unsorted bool, f func(K, V) error) error {
	_, view, own, err := d.moment(ctx)
	if err != nil {
		return err
	}
	defer view.close()
	if unsorted {
		bad := view.each(own, func(k K, v V) bool {
			err = f(k, v)
			return err == nil
		})
		if err == nil {
			err = bad
		}
		return err
	}
	entries := make([]KV[K, V], 0, view.len())
	err = view.each(own, func(k K, v V) bool {
		entries = append(entries, KV[K, V]{k, v})
		return ctx.Err() == nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(entries, keyOrder[K, V]())
	for i := range entries {
		if err := f(entries[i].Key, entries[i].Value); err != nil {
			return err
		}
	}
	return nil
}

// keyOrder is the order of a file.
func keyOrder[K comparable, V any]() func(a, b KV[K, V]) int {
	if less := lesser[K](); less != nil {
		return func(a, b KV[K, V]) int {
			switch {
			case less(a.Key, b.Key):
				return -1
			case less(b.Key, a.Key):
				return 1
			}
			return 0
		}
	}
	order := entryfile.Order(reflect.TypeFor[K]())
	return func(a, b KV[K, V]) int { return order(reflect.ValueOf(a.Key), reflect.ValueOf(b.Key)) }
}
