package results

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Read reads a file of results, or a journal, and gives each record to f, with
// what was run for whatever item where the file says that, else "". In a journal
// a key may come more than once: the last one counts. An error of f ends it.
func Read(file string, f func(template string, k Kept) error) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // it was only read
	switch strings.ToLower(filepath.Ext(file)) {
	case ".journal":
		return readJournal(in, file, f)
	case ".json":
		err = readJSON(in, f)
	case ".jsonl":
		err = readLines(in, f)
	case ".csv":
		err = readCSV(in, f)
	case ".db":
		err = readDB(file, f)
	default:
		return fmt.Errorf("%s: its ending is not one of %s .journal", file, strings.Join(Formats, " "))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

func readJournal(in *os.File, file string, f func(string, Kept) error) error {
	template := ""
	if line, err := bufio.NewReader(in).ReadBytes('\n'); err == nil {
		if object, ok := unseal(line); ok {
			var h head
			if json.Unmarshal(object, &h) == nil {
				template = h.Template
			}
		}
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, _, err := scan(in, file, func(_ int64, k Kept) error { return f(template, k) })
	return err
}

// readJSON reads the members of one object.
func readJSON(in io.Reader, f func(string, Kept) error) error {
	d := json.NewDecoder(bufio.NewReaderSize(in, 1<<20))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(errNoResults, err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var k Kept
		if err := d.Decode(&k); err != nil {
			return fmt.Errorf("%v: %w", key, err)
		}
		if k.Status == "" {
			return errNoResults
		}
		if err := f("", k); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

var errNoResults = errors.New("these are no results of parfor")

func readLines(in io.Reader, f func(string, Kept) error) error {
	d := json.NewDecoder(bufio.NewReaderSize(in, 1<<20))
	for n := 1; ; n++ {
		var k Kept
		err := d.Decode(&k)
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("record %d: %w", n, err)
		case k.Status == "":
			return errNoResults
		}
		if err := f("", k); err != nil {
			return err
		}
	}
}

func readCSV(in io.Reader, f func(string, Kept) error) error {
	r := csv.NewReader(bufio.NewReaderSize(in, 1<<20))
	r.ReuseRecord = true
	first, err := r.Read()
	if err != nil {
		return errors.Join(errNoResults, err)
	}
	names := append([]string(nil), first...)
	for n := 2; ; n++ {
		row, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		k, err := ofRow(names, row)
		if err != nil {
			return fmt.Errorf("row %d: %w", n, errors.Join(errNoResults, err))
		}
		if err := f("", k); err != nil {
			return err
		}
	}
}
