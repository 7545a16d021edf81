package request

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// Expect says which answers are good ones: by status, 2xx if none is given,
// and by jq expressions, all of which must be true.
type Expect struct {
	statuses []string
	conds    []condition
}

type condition struct {
	source string
	code   *gojq.Code
}

// Unexpected is an answer that isn't what was expected.
type Unexpected struct {
	Status int
	Want   string // "status 2xx", or the expression
	Got    string
}

func (e *Unexpected) Error() string { return "expected " + e.Want + ", got " + e.Got }

// ParseExpect reads the values of --expect: each is a list of statuses and
// classes such as 2xx,404, or a jq expression.
func ParseExpect(values []string) (*Expect, error) {
	e := &Expect{}
	for _, v := range values {
		if list, ok := statusList(v); ok {
			e.statuses = append(e.statuses, list...)
			continue
		}
		if strings.Trim(v, " 0123456789xX,") == "" { // jq would take 600 for a number, which is always true
			return nil, fmt.Errorf("--expect %s: a status is 100 to 599, a class 1xx to 5xx", quote(v))
		}
		q, err := gojq.Parse(v)
		if err != nil {
			return nil, fmt.Errorf("--expect %s is neither a list of statuses, as in 2xx,404, nor a jq expression: %w", quote(v), err)
		}
		code, err := gojq.Compile(q) // without $ENV and without files
		if err != nil {
			return nil, fmt.Errorf("--expect %s: %w", quote(v), err)
		}
		e.conds = append(e.conds, condition{v, code})
	}
	return e, nil
}

func statusList(s string) ([]string, bool) {
	var list []string
	for word := range strings.SplitSeq(s, ",") {
		word = strings.ToLower(strings.TrimSpace(word))
		if !isStatus(word) {
			return nil, false
		}
		list = append(list, word)
	}
	return list, true
}

// ReadsBody reports whether there is a jq expression, for which the answer has
// to be in memory: it can't be combined with --output-dir.
func (e *Expect) ReadsBody() bool { return len(e.conds) > 0 }

// Status reports whether a status is expected.
func (e *Expect) Status(code int) bool {
	if len(e.statuses) == 0 {
		return code >= 200 && code < 300
	}
	return matches(e.statuses, code)
}

// Check returns an [*Unexpected] if the answer is not as expected. A jq
// expression has 1 second.
func (e *Expect) Check(resp *Response) error {
	if !e.Status(resp.Status) {
		return &Unexpected{resp.Status, "status " + e.wanted(), got(resp)}
	}
	if len(e.conds) == 0 {
		return nil
	}
	var body any
	if resp.Truncated {
		return &Unexpected{resp.Status, e.conds[0].source, "an answer longer than is kept: raise --max-output"}
	}
	if err := json.Unmarshal(resp.Body, &body); err != nil {
		return &Unexpected{resp.Status, e.conds[0].source, "an answer that is not JSON: " + snippet(resp.Body)}
	}
	for _, c := range e.conds {
		if why := c.check(body); why != "" {
			return &Unexpected{resp.Status, c.source, why + " for " + snippet(resp.Body)}
		}
	}
	return nil
}

func (e *Expect) wanted() string {
	if len(e.statuses) == 0 {
		return "2xx"
	}
	return strings.Join(e.statuses, " or ")
}

// got describes an answer whose status wasn't expected.
func got(resp *Response) string {
	s := resp.Reason
	if to := resp.Header.Get("Location"); to != "" && resp.Status/100 == 3 {
		return s + " to " + quote(to) + ": --location follows"
	}
	if wait, _ := retryAfter(resp); wait > 0 {
		s += fmt.Sprintf(" (asks to wait %v)", wait)
	}
	if len(resp.Body) > 0 {
		s += ": " + snippet(resp.Body)
	}
	return s
}

const jqTime = time.Second

// check says why the condition isn't met, "" if it is: like jq -e it is unless
// a value is false or null, but every value counts, and one there must be.
func (c *condition) check(body any) string {
	ctx, cancel := context.WithTimeout(context.Background(), jqTime)
	defer cancel()
	values := c.code.RunWithContext(ctx, body)
	for n := 0; ; n++ {
		v, ok := values.Next()
		if !ok {
			if n == 0 {
				return "no value"
			}
			return ""
		}
		if err, isErr := v.(error); isErr {
			if errors.Is(err, context.DeadlineExceeded) {
				return fmt.Sprintf("no result after %v", jqTime)
			}
			return err.Error()
		}
		if v == nil || v == false {
			b, _ := gojq.Marshal(v)
			return string(b)
		}
	}
}

// snippet is the beginning of a body on one line.
func snippet(b []byte) string {
	const most = 200
	cut := b
	if len(b) > most {
		cut = wholeRunes(b[:most])
	}
	if !utf8.Valid(cut) {
		return fmt.Sprintf("%d bytes that are no text", len(b))
	}
	s := strings.Join(strings.FieldsFunc(string(cut), func(r rune) bool { return r <= ' ' || r == 0x7f }), " ")
	if len(b) > most {
		s += "…"
	}
	return s
}
