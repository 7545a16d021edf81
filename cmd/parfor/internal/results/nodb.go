//go:build nodb

package results

import (
	"errors"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// With the tag nodb there is no SQLite in the program, which then starts some
// 1.5 ms sooner. To refuses databases.
var errNoDB = errors.New("this parfor was built without databases (tag nodb)")

func writeDB(string, Options, entrySeq) error { return errNoDB }

func readDB(_ string, yield func(record.Record, error) bool) { yield(record.Record{}, errNoDB) }

func templateOfDB(string) (string, bool, error) { return "", false, errNoDB }

const hasDB = false
