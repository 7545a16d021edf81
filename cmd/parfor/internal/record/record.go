// Package record is what is kept of an item: one record, the same in every
// format.
package record

import (
	"encoding/json"
	"time"
)

// Status is how an item ended.
type Status string

const (
	OK       Status = "ok"
	Failed   Status = "failed"
	Timeout  Status = "timeout"
	Canceled Status = "canceled"
)

// Record is the result of one item.
type Record struct {
	Key    string `json:"key"`
	Seq    int    `json:"seq"` // from 1
	Status Status `json:"status"`
	Task   string `json:"task,omitempty"` // hash of the task as it was rendered: what --resume compares
	Code   int    `json:"code"`           // exit status, 128+n for signal n; or status of the response; 0 if there was none

	// Of what came back just one is there: Body if it is JSON of a response,
	// Output if it is text, Base64 if it is neither, File if it went to a file.
	Body   json.RawMessage `json:"body,omitempty"`
	Output *string         `json:"output,omitempty"`
	Base64 []byte          `json:"output_base64,omitempty"`
	File   string          `json:"output_file,omitempty"`

	Stderr    string    `json:"stderr,omitempty"`
	Error     string    `json:"error,omitempty"`
	Attempts  int       `json:"attempts"`
	Started   time.Time `json:"started,omitzero"` // of the last attempt
	MS        float64   `json:"ms"`               // the last attempt took this long
	Worker    int       `json:"worker"`           // from 1
	Truncated bool      `json:"truncated,omitempty"`
}
