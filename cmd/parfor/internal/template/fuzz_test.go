package template

import (
	"strings"
	"testing"

	"parfor.dev/parfor/cmd/parfor/internal/item"
)

// FuzzParse checks that nothing panics, that a template is made of what was
// written, less the braces of {{}}, and that with a marker nothing but the marker
// is replaced.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "{}", "{{}}", "{{{}}}", "a {name} {1:int} ${x} {{name}}", `{"a":{"b":"{}"}}`, "{/.}{#}{%}", "${name:str}\\${name}", "{nmae}", "{a.b.0}", "{{", "}}{"} {
		f.Add(text, "@")
	}
	row := item.Row([]string{"id", "name", "a.b"}, "1", "Ann", "x")
	schemas := []item.Schema{plain, users, open, two, product, mixed, odd}
	f.Fuzz(func(t *testing.T, text, marker string) {
		for i, s := range schemas {
			tmpl, err := Parse(text, s, "")
			if err != nil {
				continue
			}
			if tmpl.String() != text {
				t.Fatalf("%q is given back as %q", text, tmpl)
			}
			checkParts(t, tmpl, s, text)
			if i == 1 {
				tmpl.Text(&row, Env{1, 1})
			}
		}
		if marker != "" && marker != "{}" {
			tmpl, err := Parse(text, users, marker)
			if err != nil {
				t.Fatal(err)
			}
			it := item.Text("item")
			if got, err := tmpl.Text(&it, Env{}); err != nil || got != strings.ReplaceAll(text, marker, "item") {
				t.Fatalf("%q with the marker %q: %q, %v", text, marker, got, err)
			}
		}
	})
}

func checkParts(t *testing.T, tmpl Template, s item.Schema, text string) {
	t.Helper()
	var whole strings.Builder
	before := false
	for _, p := range tmpl.Parts {
		if p.Ref != nil {
			before = false
			whole.WriteString(p.Ref.String())
			continue
		}
		if before || p.Text == "" {
			t.Fatalf("%q: parts %q", text, tmpl.Parts)
		}
		before = true
		whole.WriteString(p.Text)
	}
	// Every pair of braces that was taken off is two bytes.
	if off := len(text) - whole.Len(); off < 0 || off%2 != 0 || off > 0 && !strings.Contains(text, "{{") {
		t.Fatalf("%q: %q", text, whole.String())
	}
	if !strings.Contains(text, "{{") && whole.String() != text {
		t.Fatalf("%q: %q", text, whole.String())
	}
}
