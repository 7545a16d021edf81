package dict

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"

	"parfor.dev/parfor/internal/entryfile"
	"parfor.dev/parfor/internal/writeset"
)

// Load reads a file that [Dict.Save] or somebody else has written and stores its
// entries, as one step: all of them or, after an error, none. The name tells
// the format; see [As]. Keys that are there already are replaced, or what
// [Existing] says; a key that comes twice in the file is an error, or what
// [Doubles] says. What can't be an entry is an error with its line and column,
// a [FileError].
//
// An entry takes at most 64 MiB of the file ([MaxLine]). Load holds all entries
// of the file in memory until they are stored. It stops when ctx is done. In a
// task, what it stores takes effect with the task, as with [Dict.SetMany].
func (d *Dict[K, V]) Load(ctx context.Context, path string, opts ...FileOption) error {
	o, err := fileOptionsOf(opts)
	if err == nil && o.format == "" {
		o.format, err = entryfile.FormatOf(path)
	}
	if err == nil {
		_, _, err = d.enter(ctx)
	}
	if err == nil {
		err = d.loadFile(ctx, path, o)
	}
	if err != nil {
		return d.fault("Load", err)
	}
	return nil
}

func (d *Dict[K, V]) loadFile(ctx context.Context, path string, o *fileOptions) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	err = d.decode(ctx, f, o)
	var at *FileError
	if errors.As(err, &at) {
		return fmt.Errorf("%s: %w", path, err)
	}
	return err
}

// Decode reads entries from r, up to its end, and stores them; otherwise as
// [Dict.Load].
func (d *Dict[K, V]) Decode(ctx context.Context, r io.Reader, f Format, opts ...FileOption) error {
	o, err := fileOptionsOf(append(slices.Clip(opts), As(f)))
	if err == nil {
		_, _, err = d.enter(ctx)
	}
	if err == nil {
		err = d.decode(ctx, r, o)
	}
	if err != nil {
		return d.fault("Decode", err)
	}
	return nil
}

func (d *Dict[K, V]) decode(ctx context.Context, r io.Reader, o *fileOptions) error {
	entries, err := d.readEntries(ctx, r, o)
	if err != nil {
		return err
	}
	op := writeset.Put
	switch o.existing {
	case KeepOld:
		op = writeset.IfAbsent
	case NoDoubles:
		op = writeset.Insert
	}
	return d.setAll(ctx, op, len(entries), func(yield func(K, V) bool) {
		for i := range entries {
			if !yield(entries[i].Key, entries[i].Value) {
				return
			}
		}
	})
}

// readEntries reads all entries, each key once.
func (d *Dict[K, V]) readEntries(ctx context.Context, r io.Reader, o *fileOptions) ([]KV[K, V], error) {
	var k K
	var v V
	dec, err := entryfile.NewDecoder(r, o.format, reflect.ValueOf(&k).Elem(), reflect.ValueOf(&v).Elem(), o.Options)
	if err != nil {
		return nil, err
	}
	type place struct{ index, line int }
	at := map[K]place{}
	var entries []KV[K, V]
	for {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		pos, err := dec.Entry()
		if err == io.EOF {
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
		if err := d.c.clean(&k); err != nil {
			return nil, &FileError{Pos: pos, Err: ErrKey}
		}
		if was, twice := at[k]; !twice {
			at[k] = place{len(entries), pos.Line}
			entries = append(entries, KV[K, V]{k, v})
		} else {
			switch o.doubles {
			case NoDoubles:
				return nil, &FileError{Pos: pos, Err: fmt.Errorf("the key %s is in line %d already: Doubles(Replace) or Doubles(KeepOld) says which entry counts",
					entryfile.Shown(reflect.ValueOf(k)), was.line)}
			case Replace:
				entries[was.index].Value = v
			}
		}
	}
}
