package request

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"parfor.dev/parfor/cmd/parfor/internal/item"
	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// Filler knows what each placeholder stands for in one item.
type Filler interface {
	Value(template.Ref) (item.Value, error)
}

// value asks for what a placeholder stands for and forces its type. It is safe
// to force what was forced before.
func value(f Filler, ref template.Ref) (item.Value, error) {
	v, err := f.Value(ref)
	if err != nil {
		return v, err
	}
	switch ref.Cast {
	case template.Int:
		n, ok := integer(v.Text)
		if !ok {
			return v, fmt.Errorf("%s: %s is not an integer", name(ref), quote(v.Text))
		}
		return item.Value{Text: n, JSON: json.RawMessage(n)}, nil
	case template.JSON:
		raw, err := compact(v.Text)
		if err != nil {
			return v, fmt.Errorf("%s: %s is not JSON: %w", name(ref), quote(v.Text), err)
		}
		return item.Value{Text: string(raw), JSON: raw}, nil
	case template.String:
		return item.Value{Text: v.Text}, nil
	}
	return v, nil
}

// appendText renders a template as it stands, without any escaping.
func appendText(dst []byte, f Filler, t template.Template) ([]byte, error) {
	for _, p := range t.Parts {
		if p.Ref == nil {
			dst = append(dst, p.Text...)
			continue
		}
		v, err := value(f, *p.Ref)
		if err != nil {
			return dst, err
		}
		dst = append(dst, v.Text...)
	}
	return dst, nil
}

// text is a rendered template; one without placeholders costs nothing.
func text(f Filler, t template.Template) (string, error) {
	if s, ok := fixed(t); ok {
		return s, nil
	}
	b, err := appendText(nil, f, t)
	return string(b), err
}

// fixed is the text of a template without placeholders.
func fixed(t template.Template) (string, bool) {
	switch len(t.Parts) {
	case 0:
		return "", true
	case 1:
		return t.Parts[0].Text, t.Parts[0].Ref == nil
	}
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Ref != nil {
			return "", false
		}
		b.WriteString(p.Text)
	}
	return b.String(), true
}

// integer is the text of an integer as JSON writes it: no plus sign, no
// leading zeros. Its size has no limit.
func integer(s string) (string, bool) {
	s = strings.TrimSpace(s)
	sign := ""
	switch {
	case strings.HasPrefix(s, "-"):
		sign, s = "-", s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return "", false
	}
	if s = strings.TrimLeft(s, "0"); s == "" {
		return "0", true
	}
	return sign + s, true
}

// name is how a placeholder was written, near enough for a message.
func name(ref template.Ref) string {
	cast := map[template.Cast]string{template.Int: ":int", template.JSON: ":json", template.String: ":str"}[ref.Cast]
	in := ""
	switch ref.Kind {
	case template.Column:
		in = fmt.Sprint(ref.N)
	case template.Field:
		in = ref.Name
	case template.NoExt:
		in = "."
	case template.Base:
		in = "/"
	case template.Dir:
		in = "//"
	case template.BaseNoExt:
		in = "/."
	case template.Seq:
		in = "#"
	case template.Slot:
		in = "%"
	}
	return "{" + in + cast + "}"
}

// quote shows a value in a message, cut where it is long.
func quote(s string) string {
	const most = 60
	if len(s) <= most {
		return fmt.Sprintf("%q", s)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%q…", s[:cut])
}
