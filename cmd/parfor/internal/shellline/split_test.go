package shellline

import (
	"regexp"
	"strconv"

	"parfor.dev/parfor/cmd/parfor/internal/template"
)

var placeholder = regexp.MustCompile(`\{([0-9]*|name|[./#%]|//|/\.)\}`)

// split takes a line apart as the command's own parser does, for a few kinds of
// placeholder.
func split(line string) template.Template {
	var t template.Template
	text := func(s string) {
		if s != "" {
			t.Parts = append(t.Parts, template.Part{Text: s})
		}
	}
	last := 0
	for _, at := range placeholder.FindAllStringSubmatchIndex(line, -1) {
		text(line[last:at[0]])
		last = at[1]
		ref := template.Ref{}
		switch name := line[at[2]:at[3]]; name {
		case "":
		case "name":
			ref = template.Ref{Kind: template.Field, Name: name}
		case ".":
			ref.Kind = template.NoExt
		case "/":
			ref.Kind = template.Base
		case "//":
			ref.Kind = template.Dir
		case "/.":
			ref.Kind = template.BaseNoExt
		case "#":
			ref.Kind = template.Seq
		case "%":
			ref.Kind = template.Slot
		default:
			n, _ := strconv.Atoi(name)
			ref = template.Ref{Kind: template.Column, N: n}
		}
		t.Parts = append(t.Parts, template.Part{Ref: &ref})
	}
	text(line[last:])
	return t
}
