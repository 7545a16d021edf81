package results

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"parfor.dev/parfor/internal/entryfile"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// write makes a file of the journal: the whole of it, or the old one stays.
func (r *Results) write(file string) error {
	if strings.ToLower(filepath.Ext(file)) == ".db" {
		return r.writeDB(file)
	}
	return entryfile.Replace(file, func(w io.Writer) error { return r.Write(w, filepath.Ext(file)) })
}

// Write writes the results in the format of an ending, in the order of the
// input. Results of items that are no longer in the input come last.
func (r *Results) Write(w io.Writer, ending string) error {
	switch strings.ToLower(ending) {
	case ".json":
		return r.writeJSON(w)
	case ".csv":
		out := csv.NewWriter(w)
		if err := out.Write(Columns); err != nil {
			return err
		}
		if err := r.each(func(object []byte, k Kept) error { return out.Write(Row(k)) }); err != nil {
			return err
		}
		out.Flush()
		return out.Error()
	default:
		return r.each(func(object []byte, _ Kept) error {
			_, err := w.Write(append(object, '\n'))
			return err
		})
	}
}

// writeJSON writes one dictionary, a member a line.
func (r *Results) writeJSON(w io.Writer) error {
	sep := "{\n"
	err := r.each(func(object []byte, k Kept) error {
		key, err := json.Marshal(k.Key)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s%s: %s", sep, key, object)
		sep = ",\n"
		return err
	})
	if err != nil {
		return err
	}
	end := "\n}\n"
	if sep == "{\n" {
		end = "{}\n"
	}
	_, err = io.WriteString(w, end)
	return err
}

// each goes over the last record of every key, with the JSON of it.
func (r *Results) each(f func(object []byte, k Kept) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	places := slices.Clone(r.order)
	for _, e := range r.known {
		if e.seq == 0 && e.off >= 0 {
			places = append(places, place{e.off, 1<<31 - 1})
		}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.off, b.off)) })
	buf := make([]byte, 8<<10)
	for _, p := range places {
		var object []byte
		var err error
		if object, buf, err = r.log.at(p.off, buf); err != nil {
			return err
		}
		var k Kept
		if err := json.Unmarshal(object, &k); err != nil {
			return fmt.Errorf("%s, byte %d: %w", r.log.f.Name(), p.off, err)
		}
		if e := r.known[digest(k.Key)]; e == nil || e.off != p.off {
			continue // another took its place
		}
		if e := r.known[digest(k.Key)]; e.seq > 0 && int(e.seq) != k.Seq { // it was kept from another input
			k.Seq = int(e.seq)
			if object, err = json.Marshal(k); err != nil {
				return err
			}
		}
		if err := f(object, k); err != nil {
			return err
		}
	}
	return nil
}

// at reads the line at an offset, with a buffer that grows as needed.
func (j *journal) at(off int64, buf []byte) (object, grown []byte, err error) {
	for n := 0; ; {
		m, err := j.f.ReadAt(buf[n:], off+int64(n))
		if i := bytes.IndexByte(buf[n:n+m], '\n'); i >= 0 {
			object, ok := unseal(buf[:n+i])
			if !ok {
				return nil, buf, fmt.Errorf("%s is damaged at byte %d", j.f.Name(), off)
			}
			return object, buf, nil
		}
		if n += m; err != nil {
			return nil, buf, fmt.Errorf("%s, byte %d: %w", j.f.Name(), off, err)
		}
		buf = append(buf, make([]byte, len(buf))...)
	}
}

// Columns are those of a CSV file, and of the table results in a .db.
var Columns = []string{"key", "seq", "status", "code", "output", "output_base64", "output_file", "body", "stderr", "error",
	"attempts", "started", "ms", "worker", "truncated", "task"}

// Row is a record as a row of [Columns].
func Row(k Kept) []string {
	output := ""
	if k.Output != nil {
		output = *k.Output
	}
	base64 := ""
	if k.Base64 != nil {
		text, _ := json.Marshal(k.Base64)
		base64 = strings.Trim(string(text), `"`)
	}
	return []string{k.Key, strconv.Itoa(k.Seq), string(k.Status), strconv.Itoa(k.Code), output, base64, k.File, string(k.Body), k.Stderr, k.Error,
		strconv.Itoa(k.Attempts), k.Started.Format(time.RFC3339Nano), strconv.FormatFloat(k.MS, 'f', -1, 64), strconv.Itoa(k.Worker),
		strconv.FormatBool(k.Truncated), k.Task}
}

// ofRow is the record of a row of a CSV file.
func ofRow(names []string, row []string) (k Kept, err error) {
	object := map[string]any{}
	for i, name := range names {
		if i >= len(row) || row[i] == "" && name != "output" && name != "key" {
			continue
		}
		switch name {
		case "seq", "code", "attempts", "worker", "ms":
			object[name] = json.Number(row[i])
		case "truncated":
			object[name] = row[i] == "true"
		case "body":
			object[name] = json.RawMessage(row[i])
		default:
			object[name] = row[i]
		}
	}
	if object["body"] != nil || object["output_base64"] != nil || object["output_file"] != nil {
		delete(object, "output")
	}
	b, err := json.Marshal(object)
	if err != nil {
		return k, err
	}
	if err := json.Unmarshal(b, &k); err != nil {
		return k, err
	}
	if k.Status == "" {
		return k, fmt.Errorf("no status")
	}
	return k, nil
}

var _ = record.OK
