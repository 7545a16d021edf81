package shellline

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// Pasteable is the command for one item as a person could type it into bash or
// zsh: values, in the order of Vars, are quoted for where they stand. Characters
// that a terminal would act on are escaped. Where a value can't be written in
// place, in a here-document, it is assigned before the line.
func (l *Line) Pasteable(values []string) string {
	var assigns, b strings.Builder
	assigned := map[int]bool{}
	k := 0
	parts := l.template.Parts
	for i, part := range parts {
		if part.Ref == nil {
			b.WriteString(part.Text)
			continue
		}
		v := l.varOf[k]
		alone := (i == 0 || endsInSpace(parts[i-1])) && (i+1 == len(parts) || beginsWithSpace(parts[i+1]))
		switch quoted := paste(values[v], alone); l.quotes[k] {
		case inDouble:
			b.WriteString(`"` + quoted + `"`)
		case inSingle:
			b.WriteString(`'` + quoted + `'`)
		case inBody:
			b.WriteString(l.quotes[k].reference(l.Vars[v].Name))
			if !assigned[v] {
				assigned[v] = true
				assigns.WriteString(l.Vars[v].Name + "=" + quoted + "\n")
			}
		default:
			b.WriteString(quoted)
		}
		k++
	}
	return assigns.String() + b.String()
}

func endsInSpace(p template.Part) bool {
	return p.Ref == nil && strings.TrimRight(p.Text, " \t\n") != p.Text
}

func beginsWithSpace(p template.Part) bool {
	return p.Ref == nil && strings.TrimLeft(p.Text, " \t\n") != p.Text
}

// paste quotes a value. One that is not alone in its word is always quoted, so
// that it can't go on what stands beside it: $x before it, or a brace; and so is
// one that begins like an operator of [[ ]].
func paste(value string, alone bool) string {
	value = strings.ReplaceAll(value, "\x00", "") // which Check refuses
	quoted, err := syntax.Quote(value, syntax.LangBash)
	if err == nil && quoted == value && (!alone || strings.Trim(value, plain) != "" || strings.IndexByte("+-:@%,", value[0]) >= 0) {
		return "'" + value + "'"
	}
	return quoted
}

// plain are the characters that no shell makes anything of.
const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+:@%,-"
