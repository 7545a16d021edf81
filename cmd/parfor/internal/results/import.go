package results

import (
	"bufio"
	"fmt"
	"path/filepath"
)

// resumeFromFile makes a journal of the records of the first file that exists.
// A database has the template, the others have a hash of it in tasks.
func (r *Results) resumeFromFile() error {
	h := newHeader(r.opts)
	out, ok := r.existing()
	if !ok {
		return r.restart(h)
	}
	if out.Format == DB {
		template, known, err := templateOfDB(out.Path)
		if err != nil {
			return err
		}
		if known {
			if err := r.checkTemplate(out.Path, template); err != nil {
				return err
			}
		}
	}
	h.Imports = filepath.Base(out.Path)
	if err := r.restart(h); err != nil {
		return err
	}
	err := r.importRecords(out)
	if err == nil {
		var c *contents
		if c, err = load(r.path, r.file, r.opts.OnDuplicate == DuplicateLast); err == nil {
			r.take(c)
			return nil
		}
	}
	_ = r.file.Truncate(0) // without its end it is worth nothing anyway
	return err
}

func (r *Results) importRecords(out Output) error {
	w := bufio.NewWriterSize(r.file, 256<<10)
	var line []byte
	n := 0
	found := census{stamp: r.stamp}
	for rec, err := range readFile(out) {
		if err != nil {
			return fmt.Errorf("%w: no results to go on from: --force starts over", err)
		}
		if line, err = rec.AppendJSON(line[:0]); err != nil {
			return fmt.Errorf("%s: %w", out.Path, err)
		}
		line = seal(line, 0)
		if _, err := w.Write(line); err != nil {
			return fmt.Errorf("%s: %w", r.path, cause(err))
		}
		n++
		found.count(&rec)
	}
	if out.Format != DB { // that has said it
		if err := found.check(out.Path, r.opts); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("%s: %w", r.path, cause(err))
	}
	return r.writeLine(imported{n})
}
