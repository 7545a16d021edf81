package show

import (
	"fmt"
	"io"
	"text/tabwriter"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// tableRows share a width of columns: a table is not held in memory.
const tableRows = 1000

// table prints records for people.
func table(w io.Writer, all records) error {
	b := buffered(w)
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	n := 0
	for r, err := range all {
		if err != nil {
			_ = t.Flush()
			return b.end(err)
		}
		if n%tableRows == 0 {
			_ = t.Flush()
			_, _ = fmt.Fprintln(t, "KEY\tSTATUS\tCODE\tTRIES\tMS\tRESULT")
		}
		n++
		_, _ = fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%s\t%s\n", plain(r.Key, 40), plain(string(r.Status), 10), r.Code, r.Attempts, millis(r.MS), plain(gist(&r), 80))
	}
	_ = t.Flush() // b keeps the error
	return b.end(nil)
}

// gist is what a reader wants to know of a record in one line.
func gist(r *record.Record) string {
	switch {
	case r.Status != record.OK:
		return reason(r)
	case len(r.Body) > 0:
		return string(r.Body)
	case r.Output != nil:
		return *r.Output
	case r.File != "":
		return "-> " + r.File
	case len(r.Base64) > 0:
		return counted(len(r.Base64), "byte")
	}
	return ""
}
