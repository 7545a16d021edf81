package dict

import (
	"errors"
	"fmt"

	"parfor.dev/parfor/internal/entryfile"
)

// Format of a file that holds the entries of a dictionary.
type Format = entryfile.Format

// The formats of [Dict.Save] and [Dict.Load].
const (
	JSON  = entryfile.JSON  // one value: an object, or an array of {"key":…,"value":…}
	JSONL = entryfile.JSONL // {"key":…,"value":…} on each line
	CSV   = entryfile.CSV   // a table with a column for keys and one for values, or one for each of their fields
)

// FileError is what is wrong in a file that was to be loaded, and where: lines
// and columns count from 1, columns in bytes.
type FileError = entryfile.Error

// FileOption changes how a dictionary is saved or loaded.
type FileOption func(*fileOptions) error

type fileOptions struct {
	entryfile.Options
	format   Format // "": the file's name tells
	unsorted bool
	doubles  Rule
	existing Rule
}

func fileOptionsOf(opts []FileOption) (*fileOptions, error) {
	o := &fileOptions{doubles: NoDoubles}
	var errs []error
	for _, f := range opts {
		if f == nil {
			errs = append(errs, errors.New("an option is nil"))
		} else if err := f(o); err != nil {
			errs = append(errs, err)
		}
	}
	return o, errors.Join(errs...)
}

// As names the format of a file whose name doesn't tell.
func As(f Format) FileOption {
	return func(o *fileOptions) error { o.format = f; return f.Check() }
}

// Unsorted saves entries in no particular order, which spares sorting them.
// Default: sorted by key, numbers as numbers, so that equal dictionaries make
// equal files.
func Unsorted() FileOption { return func(o *fileOptions) error { o.unsorted = true; return nil } }

// Doubles says what is done with a key that comes twice in a file that is
// loaded: [Replace] keeps the last entry, [KeepOld] the first. Default:
// [NoDoubles], an error that names both lines.
func Doubles(r Rule) FileOption {
	return func(o *fileOptions) error { o.doubles = r; return checkRule("Doubles", r) }
}

// Existing says what is done with a key of a loaded file that the dictionary
// has already, as in [Dict.Update]. Default: [Replace].
func Existing(r Rule) FileOption {
	return func(o *fileOptions) error { o.existing = r; return checkRule("Existing", r) }
}

func checkRule(option string, r Rule) error {
	if r > NoDoubles {
		return fmt.Errorf("%s: there is no rule %d", option, r)
	}
	return nil
}

// MaxLine bounds the bytes of one entry of a file that is loaded, so that a
// quote or bracket left open doesn't take all memory. Default: 64 MiB.
func MaxLine(bytes int) FileOption {
	return func(o *fileOptions) error {
		o.MaxEntry = bytes
		return atLeast1("MaxLine", int64(bytes))
	}
}

// IgnoreUnknown loads files that have more fields or columns than the types;
// they are left out. Default: an error that names the first of them.
func IgnoreUnknown() FileOption { return func(o *fileOptions) error { o.Lenient = true; return nil } }

// Columns names the columns of CSV: first those of the key, then those of the
// value. Default: key and value; of structs the fields' names (json tags count),
// those of a key with "key." before them.
func Columns(names ...string) FileOption {
	return func(o *fileOptions) error {
		o.Options.Columns = names
		if len(names) < 2 {
			return fmt.Errorf("Columns has %d names: a file has at least 2 columns", len(names))
		}
		return nil
	}
}

// NoHeader is CSV without a first line that names the columns: they come in the
// order that [Columns] tells. Default: with it.
func NoHeader() FileOption { return func(o *fileOptions) error { o.Headless = true; return nil } }
