package item

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Options are how sources are read.
type Options struct {
	Format   Format    // of all files and standard input; "": by the file's suffix, else lines
	NoHeader bool      // the first row of CSV and TSV is an item like the others
	Zip      bool      // all sources are linked
	Stdin    io.Reader // what - is; nil: os.Stdin
}

// input is one source by itself.
type input interface {
	schema() Schema

	// each hands out the items, numbered from 1, until there are no more or
	// yield says false. It is called once.
	each(yield func(Item) bool) error

	// total is how many there are, if that is known by now. It doesn't wait.
	total() (int, bool)

	// stop has each end soon, without an error, and waits for what runs beside it.
	stop()
}

// Open opens all sources and reads what their schema needs: the first row of
// CSV and TSV, for which it waits. What is wrong with the names of sources it
// says before anything is read. Close the source, whatever it came to.
func Open(specs []Spec, opt Options) (*Source, error) {
	if len(specs) == 0 {
		return nil, errors.New("no source of items")
	}
	if opt.Format != "" {
		if _, err := ParseFormat(string(opt.Format)); err != nil {
			return nil, err
		}
	}
	s := &Source{}
	if err := s.open(specs, opt); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Source) open(specs []Spec, opt Options) error {
	stdin := false
	for i, spec := range specs {
		name, source := spec.name()
		if spec.Linked && i == 0 {
			return fmt.Errorf("%s: there is no source before it to be linked to", spec)
		}
		if !spec.Literal && source == "-" {
			if stdin {
				return errors.New("standard input (-) can be one source, not two")
			}
			stdin = true
		}
		in, err := spec.open(source, opt)
		if err != nil {
			return err
		}
		s.add(in, name, spec.String(), i > 0 && (spec.Linked || opt.Zip))
	}
	if err := namedTwice(s.names); err != nil {
		return err
	}
	for _, g := range s.groups {
		if err := g.fits(); err != nil {
			return err
		}
	}
	return nil
}

// add takes an input in.
func (s *Source) add(in input, name, label string, linked bool) {
	if !linked {
		s.groups = append(s.groups, &group{})
	}
	g := s.groups[len(s.groups)-1]
	g.inputs = append(g.inputs, in)
	g.labels = append(g.labels, label)
	s.names = append(s.names, name)
}

func (s Spec) open(source string, opt Options) (input, error) {
	switch {
	case s.Literal:
		return literals(s.List), nil
	case source == "" && s.Source != "":
		return nil, fmt.Errorf("%s: there is no source after the =", s)
	case source == "-":
		return openInput(opt, Lines, func(countFunc) (*file, error) {
			if opt.Stdin == nil {
				return openStdin(os.Stdin)
			}
			return openStdin(opt.Stdin)
		})
	case isRange(source):
		return newNumbers(source)
	}
	in, err := openInput(opt, formatOf(source), func(count countFunc) (*file, error) { return openFile(source, count) })
	if err != nil && source != s.Source {
		if _, none := os.Stat(s.Source); none == nil {
			err = fmt.Errorf("%w; the file of the name %s is ./%s", err, s.Source, s.Source)
		}
	}
	return in, err
}

// openInput opens a file in the format that was asked for, or else its usual one.
func openInput(opt Options, usual Format, open func(countFunc) (*file, error)) (input, error) {
	format := opt.Format
	if format == "" {
		format = usual
	}
	f, err := open(counters[format])
	if err != nil {
		return nil, err
	}
	var in input
	switch format {
	case JSONL:
		in = jsonLines{f}
	case Document:
		in = document{f}
	case CSV:
		in, err = openTable(f, newCSVRows(f.reader), opt.NoHeader)
	case TSV:
		in, err = openTable(f, &tsvRows{lineReader: lineReader{reader: f.reader, sep: '\n'}}, opt.NoHeader)
	default:
		in = texts{f, format}
	}
	if err != nil {
		f.stop()
		return nil, err
	}
	return in, nil
}

// HasInput says whether a standard input is one that was given items: a pipe or
// a file, and not a terminal or nothing.
func HasInput(stdin *os.File) bool {
	info, err := stdin.Stat()
	return err == nil && (info.Mode().IsRegular() || info.Mode()&os.ModeNamedPipe != 0)
}
