package compare

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"parfor.dev/parfor/compare/report"
)

// ErrForeignFile means that a file is in the way which compare did not write.
var ErrForeignFile = errors.New("compare: the file is there already, and compare did not write it: move it, or name another with -o")

// ErrFormat means that a file's name says no format that compare can write.
var ErrFormat = errors.New("compare: no such format: the name must end in .html, .json, .csv or .svg")

// Look is how a saved chart is drawn; the zero value is how compare draws.
type Look struct {
	View report.View
	Size report.Size // of an .svg
}

// formats write a report as the kind of file that an ending names.
var formats = map[string]func(io.Writer, *report.Report, Look) error{
	".json": func(w io.Writer, r *report.Report, _ Look) error { return report.WriteJSON(w, r) },
	".csv":  func(w io.Writer, r *report.Report, _ Look) error { return report.WriteCSV(w, r) },
	".html": func(w io.Writer, r *report.Report, l Look) error { return l.View.WriteHTML(w, r) },
	".svg":  func(w io.Writer, r *report.Report, l Look) error { return l.View.WriteSVG(w, r, l.Size) },
}

// headBytes is enough of a file to see who wrote it.
const headBytes = 4 << 10

// CanSave says whether a report may be written to a path: its format is known,
// its folder is there, and no file of anybody else's is in the way.
func CanSave(path string) error {
	if formats[strings.ToLower(filepath.Ext(path))] == nil {
		return fmt.Errorf("%w: %s", ErrFormat, path)
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return fmt.Errorf("compare: folder of %s: %w", path, err)
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, headBytes))
	if err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	if len(head) > 0 && !report.Ours(head) {
		return fmt.Errorf("%w: %s", ErrForeignFile, path)
	}
	return nil
}

// Save writes a report in the format that the path's ending names. It looks
// once more whether the path is free, and a failure leaves what was there.
func Save(path string, r *report.Report) error { return Look{}.Save(path, r) }

// Save is the package's Save with charts that have this look.
func (l Look) Save(path string, r *report.Report) error {
	if err := CanSave(path); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := formats[strings.ToLower(filepath.Ext(path))](&b, r, l); err != nil {
		return fmt.Errorf("compare: %s: %w", path, err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".parfor-compare-*")
	if err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	_, err = tmp.Write(b.Bytes())
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("compare: write %s: %w", path, err), os.Remove(tmp.Name()))
	}
	return nil
}

// canSaveAll looks before a minute of measuring rather than after it.
func (c Config) canSaveAll() error {
	var bad []error
	for i, path := range c.Files {
		if slices.Contains(c.Files[:i], path) {
			bad = append(bad, fmt.Errorf("compare: %s is given twice", path))
		}
		bad = append(bad, CanSave(path))
	}
	return errors.Join(bad...)
}

// saveAll writes every file it can.
func (e *experiment) saveAll() error {
	e.rep.Files = e.cfg.Files
	var bad []error
	for _, path := range e.cfg.Files {
		bad = append(bad, Save(path, e.rep))
	}
	return errors.Join(bad...)
}
