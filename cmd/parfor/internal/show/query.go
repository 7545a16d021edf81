package show

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"sync"

	"github.com/itchyny/gojq"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// query is a jq expression that is run on records. It sees no environment
// variables and no files.
type query struct {
	flag string
	text string
	code *gojq.Code
}

func compile(flag, text string) (*query, error) {
	parsed, err := gojq.Parse(text)
	if err == nil {
		var code *gojq.Code
		if code, err = gojq.Compile(parsed); err == nil {
			return &query{flag, text, code}, nil
		}
	}
	return nil, usagef("%s %s: %v", flag, text, err)
}

// run calls each with what the expression gives for a record, until it returns
// false.
func (q *query) run(r *record.Record, each func(any) bool) error {
	b, err := r.AppendJSON(nil)
	if err != nil {
		return err
	}
	var v any
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber() // long numbers keep their digits
	if err := dec.Decode(&v); err != nil {
		return err
	}
	found := q.code.Run(v)
	for {
		v, ok := found.Next()
		if !ok {
			return nil
		}
		if err, isError := v.(error); isError {
			return fmt.Errorf("%s %s: key %q: %w", q.flag, q.text, r.Key, err)
		}
		if !each(v) {
			return nil
		}
	}
}

func (q *query) first(r *record.Record) (v any, some bool, err error) {
	err = q.run(r, func(found any) bool {
		v, some = found, true
		return false
	})
	return v, some, err
}

// path is what is written like body.tags[0].
var path = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*|\[\d+\])*$`)
})

// selected prints what a path or an expression gives: strings as they are, all
// else as JSON, a value a line.
func selected(w io.Writer, expr string) (func(records) error, error) {
	if path().MatchString(expr) {
		expr = "." + expr
	}
	q, err := compile("--select", expr)
	if err != nil {
		return nil, err
	}
	return func(all records) error {
		b := buffered(w)
		for r, err := range all {
			if err == nil {
				err = q.run(&r, func(v any) bool { b.line(shown(v)); return true })
			}
			if err != nil {
				return b.end(err)
			}
		}
		return b.end(nil)
	}, nil
}

func shown(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := gojq.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
