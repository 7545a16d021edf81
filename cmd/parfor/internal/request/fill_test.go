package request

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"parfor.dev/parfor/cmd/parfor/internal/item"
	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// A parser of templates that is enough for tests: {}, {1}, {name}, casts, and
// {{}} for braces.
var placeholder = regexp.MustCompile(`\{\{\}\}|\{(\d*|[a-z]+)(:int|:json|:str)?\}`)

func parseTest(s string) (template.Template, error) {
	var t template.Template
	text := func(s string) {
		if s == "" {
			return
		}
		if n := len(t.Parts); n > 0 && t.Parts[n-1].Ref == nil {
			t.Parts[n-1].Text += s
			return
		}
		t.Parts = append(t.Parts, template.Part{Text: s})
	}
	for {
		m := placeholder.FindStringSubmatchIndex(s)
		if m == nil {
			text(s)
			return t, nil
		}
		text(s[:m[0]])
		if s[m[0]:m[1]] == "{{}}" {
			text("{}")
		} else {
			ref := template.Ref{Kind: template.Field, Name: s[m[2]:m[3]]}
			if ref.Name == "nmae" {
				return t, fmt.Errorf("no field nmae: did you mean name?")
			}
			if n, err := strconv.Atoi(ref.Name); err == nil {
				ref = template.Ref{Kind: template.Column, N: n}
			} else if ref.Name == "" {
				ref.Kind = template.Whole
			}
			if m[4] >= 0 {
				ref.Cast = map[string]template.Cast{":int": template.Int, ":json": template.JSON, ":str": template.String}[s[m[4]:m[5]]]
			}
			t.Parts = append(t.Parts, template.Part{Ref: &ref})
		}
		s = s[m[1]:]
	}
}

// fill is an item: {} is "", {1} is "1".
type fill map[string]item.Value

func (f fill) Value(r template.Ref) (item.Value, error) {
	n := r.Name
	if r.Kind == template.Column {
		n = strconv.Itoa(r.N)
	}
	v, ok := f[n]
	if !ok {
		return v, fmt.Errorf("the item has no %s", n)
	}
	return v, nil
}

func txt(s string) item.Value { return item.Value{Text: s} }

// typed is a JSON value as package item makes them.
func typed(raw string) item.Value {
	v := item.Value{Text: raw, JSON: json.RawMessage(raw)}
	if strings.HasPrefix(raw, `"`) {
		if err := json.Unmarshal([]byte(raw), &v.Text); err != nil {
			panic(err)
		}
	}
	return v
}

// whole is an item that {} alone stands for.
func whole(s string) fill { return fill{"": txt(s)} }

func compileTest(t testing.TB, s Spec) *Plan {
	t.Helper()
	s.Parse = parseTest
	p, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func prepare(t testing.TB, s Spec, f Filler) *Request {
	t.Helper()
	r, err := compileTest(t, s).Prepare(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func fails(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %q", err, want)
	}
}

// parseMarker knows @ alone.
func parseMarker(s string) (template.Template, error) {
	var t template.Template
	for i, text := range strings.Split(s, "@") {
		if i > 0 {
			t.Parts = append(t.Parts, template.Part{Ref: &template.Ref{}})
		}
		if text != "" {
			t.Parts = append(t.Parts, template.Part{Text: text})
		}
	}
	return t, nil
}
