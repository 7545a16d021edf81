package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// existing is the first output file that exists, or "".
func (r *Results) existing() (Output, bool) {
	for _, out := range r.outputs {
		if out.Path == "" {
			continue
		}
		if _, err := os.Stat(out.Path); !errors.Is(err, fs.ErrNotExist) {
			return out, true
		}
	}
	return Output{}, false
}

// refuseExisting is the error if there are results, and says what is in them.
func (r *Results) refuseExisting(journal bool, c *contents) error {
	if journal {
		return r.exists(r.firstFile(), c.counts.OK)
	}
	out, ok := r.existing()
	if !ok {
		return nil
	}
	done := 0
	for rec, err := range readFile(out) {
		if err != nil {
			return refuse(ErrExists, "%s exists, and its records can't be read (%v): --force replaces it", out.Path, err)
		}
		if rec.Status == record.OK {
			done++
		}
	}
	return r.exists(out.Path, done)
}

func (r *Results) exists(path string, done int) error {
	of := ""
	if r.opts.Total > 0 {
		of = fmt.Sprintf(" of %d", r.opts.Total)
	}
	return refuse(ErrExists, "%s has %d%s done: add --resume to go on, --force to start over", path, done, of)
}
