package results

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"time"
)

// version is that of the journal's form. It changes when an older program would
// read a newer journal wrongly.
const version = 1

// header is the journal's first line. Each run that resumes adds one.
type header struct {
	Version  int       `json:"parfor"`
	Template string    `json:"template"`
	Build    string    `json:"build,omitempty"`
	Go       string    `json:"go"`
	Started  time.Time `json:"started"`

	// Imports is the result file whose records follow, up to an imported line.
	// Without that line the import was not completed and is worth nothing: the
	// file has them all.
	Imports string `json:"imports,omitempty"`
}

// imported closes the records that came from a result file.
type imported struct {
	Records int `json:"imported"`
}

var (
	headerStart   = []byte(`{"parfor":`)
	importedStart = []byte(`{"imported":`)
	recordStart   = []byte(`{"key":`)
)

func newHeader(o Options) header {
	return header{Version: version, Template: o.Fingerprint, Build: o.Build, Go: runtime.Version(), Started: time.Now().UTC().Truncate(time.Millisecond)}
}

// sealed is v as a line of a journal.
func sealed(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return seal(bytes.TrimRight(b.Bytes(), "\n"), 0), nil
}

func parseHeader(path string, open []byte) (h header, err error) {
	if err := json.Unmarshal(closed(open), &h); err != nil {
		return h, fmt.Errorf("%s: its header: %w", path, err)
	}
	if h.Version != version {
		return h, fmt.Errorf("%s: a journal of version %d, this program knows %d: finish it with the program that wrote it (%s)", path, h.Version, version, h.Build)
	}
	return h, nil
}

// closed gives an object its brace again.
func closed(open []byte) []byte { return append(open[:len(open):len(open)], '}') }

// otherTemplate is the error for results of the template was where it is now.
func otherTemplate(path, was, now string) error {
	a, b := strings.Split(was, "\n"), strings.Split(now, "\n")
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	old, cur := lineAt(a, i), lineAt(b, i)
	return refuse(ErrTemplate, "%s: it is of another template:\n  was: %s\n  now: %s\n%s",
		path, shorten(old, cur), shorten(cur, old), templateWays)
}

func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(no such line)"
}

// shorten leaves of a what is around its first difference to b.
func shorten(a, b string) string {
	const before, all = 40, 160
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	from := 0
	if at > before && len(a) > all {
		from = at - before
	}
	s := a[from:]
	tail := ""
	if len(s) > all {
		s, tail = s[:all], "…"
	}
	s = strings.ToValidUTF8(s, "")
	if from > 0 {
		s = "…" + s
	}
	return s + tail
}
