package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// Source is the file that Read(path) reads: the journal beside path if a run
// left one or goes on, for it has all that path has, and more.
func Source(path string) string {
	if strings.HasSuffix(path, ".journal") {
		return path
	}
	f, err := os.Open(journalOf(path))
	if err != nil {
		return path
	}
	defer f.Close()
	if _, err := os.Stat(path); !isWhole(f) && !errors.Is(err, fs.ErrNotExist) {
		return path
	}
	return f.Name()
}

// isWhole tells whether a journal has begun, and has all that it imports. What
// is wrong with it else is for its reader to say.
func isWhole(f *os.File) bool {
	enough := errors.New("")
	whole := false
	_, err := scan(f.Name(), f, func(_ int64, open []byte) error {
		h := header{Imports: "?"}
		if bytes.HasPrefix(open, headerStart) {
			h, _ = parseHeader(f.Name(), open)
		}
		if whole = h.Imports == "" || bytes.HasPrefix(open, importedStart); whole {
			return enough
		}
		return nil
	})
	return whole || err != nil && !errors.Is(err, enough)
}

// Read goes over the records of a result file or a journal, in order; after an
// error there is nothing. A journal may be one that is being written.
func Read(path string) iter.Seq2[record.Record, error] {
	path = Source(path)
	return func(yield func(record.Record, error) bool) {
		if strings.HasSuffix(path, ".journal") {
			readJournal(path, yield)
			return
		}
		out, err := To(path)
		if err != nil {
			yield(record.Record{}, err)
			return
		}
		readFile(out)(func(rec record.Record, err error) bool {
			if err == nil && rec.Status == "" { // every record has one
				yield(record.Record{}, fmt.Errorf("%s: these are no results of parfor: %q has no status", path, rec.Key))
				return false
			}
			return yield(rec, err)
		})
	}
}

// readFile goes over the records of a file as it is.
func readFile(out Output) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		if out.Format == DB {
			readDB(out.Path, yield)
			return
		}
		f, err := os.Open(out.Path)
		if err != nil {
			yield(record.Record{}, err)
			return
		}
		defer f.Close()
		switch out.Format {
		case JSON:
			readJSON(out.Path, f, yield)
		case CSV:
			readCSV(out.Path, f, yield)
		default:
			readJSONL(out.Path, f, yield)
		}
	}
}

// readJSON goes over the records of a dictionary. The key is the dictionary's,
// whatever the record says.
func readJSON(path string, r io.Reader, yield func(record.Record, error) bool) {
	fail := func(err error) {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		yield(record.Record{}, fmt.Errorf("%s: %w", path, err))
	}
	dec := json.NewDecoder(bufio.NewReaderSize(r, 256<<10))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		if err == nil {
			err = errors.New("not a dictionary of results")
		}
		fail(err)
		return
	}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			fail(err)
			return
		}
		key, _ := t.(string)
		var rec record.Record
		if err := dec.Decode(&rec); err != nil {
			fail(fmt.Errorf("key %q: %w", key, err))
			return
		}
		rec.Key = key
		if !yield(rec, nil) {
			return
		}
	}
	if _, err := dec.Token(); err != nil {
		fail(err)
	}
}

func readJSONL(path string, r io.Reader, yield func(record.Record, error) bool) {
	b := bufio.NewReaderSize(r, 256<<10)
	for n := 1; ; n++ {
		line, err := b.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			yield(record.Record{}, err)
			return
		}
		if len(bytes.TrimSpace(line)) > 0 {
			var rec record.Record
			if e := json.Unmarshal(line, &rec); e != nil {
				yield(record.Record{}, fmt.Errorf("%s:%d: %w", path, n, e))
				return
			}
			if !yield(rec, nil) {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func readJournal(path string, yield func(record.Record, error) bool) {
	f, err := os.Open(path)
	if err != nil {
		yield(record.Record{}, err)
		return
	}
	defer f.Close()
	c, err := load(path, f, false)
	var spots []spot
	if err == nil {
		r := Results{path: path, file: f, index: c.index}
		spots, err = r.ordered(c.end)
	}
	if err != nil {
		yield(record.Record{}, err)
		return
	}
	for e, err := range entries(path, f, spots) {
		var rec record.Record
		if err == nil {
			var p *record.Record
			if p, err = e.record(); err == nil {
				rec = *p
			}
		}
		if !yield(rec, err) || err != nil {
			return
		}
	}
}
