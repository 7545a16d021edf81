package results

import (
	"bytes"
	"encoding/json"
	"strconv"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// head is how a record begins: what decides over an item. It can be read
// without the rest, which may be a long answer.
type head struct {
	key    []byte
	rawKey []byte // the same as JSON
	seq    int
	status record.Status
	task   string
	rest   []byte // of the record, behind seq: what another seq leaves as it is
}

// parseHead reads the beginning of what AppendJSON wrote. ok is false if that
// is not in b as a whole.
func parseHead(b []byte) (h head, ok bool) {
	if h.rawKey, b, ok = cutString(b, `{"key":`); !ok {
		return h, false
	}
	if h.key, ok = unquote(h.rawKey); !ok {
		return h, false
	}
	b, ok = bytes.CutPrefix(b, []byte(`,"seq":`))
	end := bytes.IndexByte(b, ',')
	if !ok || end < 0 {
		return h, false
	}
	seq, err := strconv.Atoi(string(b[:end]))
	if err != nil {
		return h, false
	}
	h.seq, h.rest = seq, b[end:]
	status, b, ok := cutString(h.rest, `,"status":`)
	if !ok {
		return h, false
	}
	plain, ok := unquote(status)
	if !ok {
		return h, false
	}
	h.status = asStatus(plain)
	if !bytes.HasPrefix(b, []byte(`,"task":`)) {
		return h, bytes.HasPrefix(b, []byte(`,"code":`))
	}
	task, _, ok := cutString(b, `,"task":`)
	if !ok {
		return h, false
	}
	plain, ok = unquote(task)
	h.task = string(plain)
	return h, ok
}

func asStatus(b []byte) record.Status {
	if string(b) == string(record.OK) {
		return record.OK // and no new string
	}
	return record.Status(b)
}

// cutString takes a field's name and the JSON string behind it from b.
func cutString(b []byte, name string) (raw, rest []byte, ok bool) {
	b, ok = bytes.CutPrefix(b, []byte(name))
	if !ok || len(b) == 0 || b[0] != '"' {
		return nil, nil, false
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return b[:i+1], b[i+1:], true
		}
	}
	return nil, nil, false
}

// unquote reads a JSON string.
func unquote(raw []byte) ([]byte, bool) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], true
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return nil, false
	}
	return []byte(s), true
}
