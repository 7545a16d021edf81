package results

import (
	"bufio"
	"encoding/json"
	"io"
	"iter"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// entry is a record on its way into files, as JSON and, when one asks for it, apart.
type entry struct {
	line   []byte // without an end
	rawKey []byte // as JSON
	status record.Status
	rec    *record.Record
}

type entrySeq = iter.Seq2[*entry, error]

func (e *entry) record() (*record.Record, error) {
	if e.rec == nil {
		var rec record.Record
		if err := json.Unmarshal(e.line, &rec); err != nil {
			return nil, err
		}
		e.rec = &rec
	}
	return e.rec, nil
}

// entriesOf makes entries of records.
func entriesOf(records iter.Seq2[record.Record, error]) entrySeq {
	return func(yield func(*entry, error) bool) {
		var e entry
		for rec, err := range records {
			if err == nil {
				e.line, err = rec.AppendJSON(e.line[:0])
			}
			if err != nil {
				yield(nil, err)
				return
			}
			h, _ := parseHead(e.line)
			e.rawKey, e.status, e.rec = h.rawKey, rec.Status, &rec
			if !yield(&e, nil) {
				return
			}
		}
	}
}

// sink is a result file that is being written.
type sink interface {
	put(e *entry) error
	close() error // what is due at the end; the file stays open
}

func fill(s sink, all entrySeq) error {
	for e, err := range all {
		if err == nil {
			err = s.put(e)
		}
		if err != nil {
			return err
		}
	}
	return s.close()
}

func newSink(w io.Writer, f Format) sink {
	b := bufio.NewWriterSize(w, 256<<10)
	switch f {
	case JSON:
		return &jsonSink{w: b}
	case CSV:
		return &csvSink{w: b}
	}
	return &jsonlSink{w: b}
}

// Write writes records to w as they come, as JSON, JSONL or CSV. Keys must not
// come twice in JSON.
func Write(w io.Writer, f Format, records iter.Seq2[record.Record, error]) error {
	return fill(newSink(w, f), entriesOf(records))
}

// jsonlSink writes a record a line.
type jsonlSink struct{ w *bufio.Writer }

func (s *jsonlSink) put(e *entry) error {
	if _, err := s.w.Write(e.line); err != nil {
		return err
	}
	return s.w.WriteByte('\n')
}

func (s *jsonlSink) close() error { return s.w.Flush() }

// jsonSink writes one dictionary, an entry a line, so that grep finds its way
// in it too.
type jsonSink struct {
	w    *bufio.Writer
	some bool
}

func (s *jsonSink) put(e *entry) error {
	before := "{\n"
	if s.some {
		before = ",\n"
	}
	s.some = true
	_, _ = s.w.WriteString(before) // a bufio.Writer keeps its error
	_, _ = s.w.Write(e.rawKey)
	_, _ = s.w.WriteString(": ")
	_, err := s.w.Write(e.line)
	return err
}

func (s *jsonSink) close() error {
	end := "\n}\n"
	if !s.some {
		end = "{}\n"
	}
	_, _ = s.w.WriteString(end)
	return s.w.Flush()
}
