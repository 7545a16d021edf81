package lines

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf8"

	"parfor.dev/parfor/cmd/parfor/internal/item"
)

// errStale is a second answer to an item that has one.
var errStale = errors.New("an answer to an earlier item")

// request is the line that goes out for an item.
func request(asJSON bool, id int64, v item.Value) ([]byte, error) {
	if !asJSON {
		if bytes.IndexByte([]byte(v.Text), '\n') >= 0 {
			return nil, &ItemError{"the item has a newline in it, and a line ends there: use --lines-json, which sends it as a JSON string"}
		}
		return append([]byte(v.Text), '\n'), nil
	}
	value, err := valueOf(v)
	if err != nil {
		return nil, err
	}
	line := make([]byte, 0, len(value)+40)
	line = strconv.AppendInt(append(line, `{"id":`...), id, 10)
	line = append(append(line, `,"item":`...), value...)
	return append(line, "}\n"...), nil
}

// valueOf is the item as JSON in one line.
func valueOf(v item.Value) ([]byte, error) {
	var b bytes.Buffer
	if v.JSON != nil {
		if err := json.Compact(&b, v.JSON); err != nil {
			return nil, &ItemError{"the item is not JSON: " + err.Error()}
		}
		return b.Bytes(), nil
	}
	if !utf8.ValidString(v.Text) {
		return nil, &ItemError{"the item is not UTF-8, which JSON has to be: with --lines it is sent as it is"}
	}
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v.Text); err != nil {
		return nil, &ItemError{err.Error()}
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// answer takes the line that came back apart.
func (b *Body) answer(line []byte) ([]byte, error) {
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	if !b.cfg.JSON {
		return line, nil
	}
	value, err := reply(line, b.id)
	if problem := (*AnswerError)(nil); errors.As(err, &problem) {
		problem.Prog = b.pool.name
	}
	return value, err
}

// reply reads {"id":…,"value":…} and {"id":…,"error":"…"}. Its errors are
// errStale, *FailedError and *AnswerError.
func reply(line []byte, id int64) ([]byte, error) {
	var got struct {
		ID    *int64          `json:"id"`
		Value json.RawMessage `json:"value"`
		Error json.RawMessage `json:"error"`
	}
	wrong := func(problem string) error {
		return &AnswerError{Problem: "answered " + quote(string(line)) + ", " + problem}
	}
	if !utf8.Valid(line) {
		return nil, wrong("which is not UTF-8")
	}
	if err := json.Unmarshal(line, &got); err != nil {
		return nil, wrong(`which is not {"id":…,"value":…} (` + err.Error() + "): its output is for answers only, everything else goes to stderr")
	}
	failed := got.Error != nil && string(got.Error) != "null"
	switch {
	case got.ID == nil:
		return nil, wrong(`which has no "id": it is that of the question`)
	case *got.ID > 0 && *got.ID < id:
		return nil, errStale
	case *got.ID != id:
		return nil, wrong("where the id had to be " + strconv.FormatInt(id, 10))
	case failed && got.Value != nil && string(got.Value) != "null":
		return nil, wrong(`which has both "value" and "error"`)
	case failed:
		return nil, &FailedError{message(got.Error)}
	case got.Value == nil:
		return nil, wrong(`which has neither "value" nor "error"`)
	}
	return got.Value, nil
}

// message is the text of an error: a string, or any JSON as it is.
func message(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}
