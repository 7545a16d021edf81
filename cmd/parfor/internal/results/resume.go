package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// takeOver goes on with a journal that a run has left.
func (r *Results) takeOver() error {
	f := r.log.f
	h, end, err := scan(io.NewSectionReader(f, 0, 1<<62), f.Name(), func(off int64, k Kept) error {
		r.remember(k, off)
		return nil
	})
	if err != nil {
		return err
	}
	if err := r.sameTemplate(h.Template, f.Name()); err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	r.had.Torn = info.Size() > end
	r.log.size, r.before = end, end
	return f.Truncate(end)
}

// remember notes a record of an earlier run. A later one of the same key takes
// its place.
func (r *Results) remember(k Kept, off int64) {
	e := r.entry(k.Key)
	if e.off >= 0 {
		r.count(e.ok, -1)
	}
	e.off, e.task, e.ok = off, digest(k.Task), k.Status == record.OK
	r.count(e.ok, 1)
	r.log.rows++
}

func (r *Results) count(ok bool, by int) {
	if ok {
		r.had.OK += by
	} else {
		r.had.Failed += by
	}
}

// takeFile makes a journal of a file whose run has come to its end.
func (r *Results) takeFile() error {
	if err := r.startOver(); err != nil {
		return err
	}
	for _, file := range r.files {
		err := Read(file, func(h string, k Kept) error {
			if h != "" {
				if err := r.sameTemplate(h, file); err != nil {
					return err
				}
			}
			line, err := json.Marshal(k)
			if err != nil {
				return err
			}
			off, err := r.log.append(line)
			if err == nil {
				r.remember(k, off)
			}
			return err
		})
		if isMissing(err) {
			continue
		}
		if err != nil {
			os.Remove(r.log.f.Name()) //nolint:errcheck // the file is still there, and better
			return err
		}
		r.before = r.log.size
		break // the others have the same
	}
	return nil
}

func (r *Results) sameTemplate(had, file string) error {
	if had == r.Template {
		return nil
	}
	return fmt.Errorf("%s: %w:\n  then %s\n  now  %s\ngo on with the same one, or --force to start over", file, ErrOther, had, r.Template)
}

// refuse says what is there, and the ways on.
func (r *Results) refuse(started bool) error {
	name, had := r.log.f.Name(), Before{}
	each := func(_ string, k Kept) error {
		if k.Status == record.OK {
			had.OK++
		} else {
			had.Failed++
		}
		return nil
	}
	var err error
	if started {
		err = Read(name, each)
	} else {
		for _, f := range r.files {
			name = f
			if err = Read(f, each); !isMissing(err) {
				break
			}
		}
	}
	if err != nil && !errors.Is(err, errNoHead) {
		return fmt.Errorf("%s: %w, and could not be read: %w: move it away, or --force to replace it", name, ErrExists, err)
	}
	return fmt.Errorf("%s: %w, %d good and %d others: --resume goes on with it, --force starts over", name, ErrExists, had.OK, had.Failed)
}
