package results

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// The task of a record is the hash of its template, a dot, and that of what the
// template made of the item. So a file of any format tells whose results it has,
// before anything runs, though none but a database and the journal has room for
// the template itself.

// stampOf is what the tasks of a template begin with.
func stampOf(fingerprint string) string {
	if fingerprint == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(fingerprint))
	return base64.RawURLEncoding.EncodeToString(sum[:6]) + "."
}

// stampIn is what a task begins with; "" if it doesn't tell its template.
func stampIn(task string) string { return task[:strings.IndexByte(task, '.')+1] }

// unstamped is the hash of what was done, whatever the template.
func unstamped(task string) string { return task[len(stampIn(task)):] }

// census looks at records for the template of a run.
type census struct {
	stamp       string
	ours, other int
}

func (c *census) count(rec *record.Record) {
	switch stampIn(rec.Task) {
	case "":
	case c.stamp:
		c.ours++
	default:
		c.other++
	}
}

// check refuses records none of which is of the template. Some may be of others:
// what --changed keep has kept.
func (c *census) check(path string, o Options) error {
	if c.ours > 0 || c.other == 0 || o.Changed == ChangedRerun || o.Changed == ChangedKeep {
		return nil
	}
	return refuse(ErrTemplate, "%s: it is of another template than this one, %s: %s",
		path, shorten(strings.ReplaceAll(o.Fingerprint, "\n", " "), ""), templateWays)
}

const templateWays = "--changed rerun does again what differs, --changed keep keeps what is done, --force starts over"

// ours is a task as this run stores it.
func (r *Results) ours(task string) string {
	if task == "" {
		return ""
	}
	return r.stamp + task
}
