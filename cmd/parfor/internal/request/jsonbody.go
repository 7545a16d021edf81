package request

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// jsonBody is JSON that was parsed before any item was in it: items are values
// and parts of strings, and never syntax.
type jsonBody struct {
	parts  []jsonPart
	keys   bool   // a placeholder is in a key
	source string // as written, for the fingerprint
}

// jsonPart is source text, or a string of the source with placeholders.
type jsonPart struct {
	source string
	ref    *template.Ref      // alone in its string: keeps its type
	text   *template.Template // more than a placeholder, or a key
}

var errEmptyObject = errors.New(`--data-json has an empty object: write "{}" for the item, {{}} for an empty object`)

func (s *Spec) compileJSON() (*jsonBody, error) {
	source := *s.DataJSON
	if file, ok := strings.CutPrefix(source, "@"); ok {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, inFlag("--data-json", err)
		}
		source = string(b)
	}
	if !utf8.ValidString(source) {
		return nil, errors.New("--data-json is not UTF-8")
	}
	c := jsonCompiler{src: source, parse: s.Parse}
	t, err := s.Parse("{}")
	c.braces = err == nil && len(t.Parts) == 1 && t.Parts[0].Ref != nil
	return c.compile()
}

// jsonCompiler finds the strings of JSON text.
type jsonCompiler struct {
	src    string
	parse  func(string) (template.Template, error)
	braces bool // {} is the item; false with a marker of the user's
	out    jsonBody
	plain  strings.Builder // source since the last placeholder
	check  strings.Builder // all, with each placeholder as it was written
}

func (c *jsonCompiler) compile() (*jsonBody, error) {
	for i := 0; i < len(c.src); {
		rest := c.src[i:]
		switch {
		case c.braces && strings.HasPrefix(rest, "{{}}"):
			c.literal("{}")
			i += 4
		case c.braces && strings.HasPrefix(rest, "{}"):
			return nil, errEmptyObject
		case rest[0] == '"':
			n := stringEnd(rest)
			if err := c.str(rest[:n], rest[n:]); err != nil {
				return nil, err
			}
			i += n
		default:
			c.literal(rest[:1])
			i++
		}
	}
	if err := c.syntax(); err != nil {
		return nil, err
	}
	c.flush()
	c.out.source = c.src
	return &c.out, nil
}

func (c *jsonCompiler) literal(s string) {
	c.plain.WriteString(s)
	c.check.WriteString(s)
}

func (c *jsonCompiler) flush() {
	if c.plain.Len() > 0 {
		c.out.parts = append(c.out.parts, jsonPart{source: c.plain.String()})
		c.plain.Reset()
	}
}

// stringEnd is the length of the JSON string at the beginning of s.
func stringEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// str compiles one string; behind it comes rest.
func (c *jsonCompiler) str(raw, rest string) error {
	var decoded string
	if json.Unmarshal([]byte(raw), &decoded) != nil {
		c.literal(raw) // syntax says what is wrong
		return nil
	}
	t, err := c.parse(decoded)
	if err != nil {
		return fmt.Errorf("--data-json: in %s: %w", quote(decoded), err)
	}
	if s, ok := fixed(t); ok {
		if s != decoded {
			raw = string(appendJSONString(nil, s))
		}
		c.literal(raw)
		return nil
	}
	c.check.WriteString(raw)
	c.flush()
	key := strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), ":")
	c.out.keys = c.out.keys || key
	if len(t.Parts) == 1 && !key {
		c.out.parts = append(c.out.parts, jsonPart{ref: t.Parts[0].Ref})
		return nil
	}
	c.out.parts = append(c.out.parts, jsonPart{text: &t})
	return nil
}

func (c *jsonCompiler) syntax() error {
	text := c.check.String()
	if strings.TrimSpace(text) == "" {
		return errors.New("--data-json is empty")
	}
	var any json.RawMessage
	err := json.Unmarshal([]byte(text), &any)
	if err == nil {
		return nil
	}
	if p := c.bare(); p != "" {
		return fmt.Errorf(`--data-json: put quotes around the placeholder, "%s": alone in a string it keeps its type`, p)
	}
	var s *json.SyntaxError
	if errors.As(err, &s) {
		before := text[:max(0, min(int(s.Offset)-1, len(text)))]
		line := strings.Count(before, "\n") + 1
		return fmt.Errorf("--data-json is not JSON, line %d, byte %d: %w", line, len(before)-strings.LastIndexByte(before, '\n'), err)
	}
	return fmt.Errorf("--data-json is not JSON: %w", err)
}

// bare finds a placeholder outside of strings.
func (c *jsonCompiler) bare() string {
	for i := 0; i < len(c.src); i++ {
		switch c.src[i] {
		case '"':
			i += stringEnd(c.src[i:]) - 1
		case '{':
			end := strings.IndexAny(c.src[i+1:], "{}\"\n ")
			if end < 0 || c.src[i+1+end] != '}' {
				continue
			}
			p := c.src[i : i+end+2]
			if t, err := c.parse(p); err == nil && len(t.Parts) == 1 && t.Parts[0].Ref != nil {
				return p
			}
		}
	}
	return ""
}

func (b *jsonBody) varies() bool {
	for _, p := range b.parts {
		if p.ref != nil || p.text != nil {
			return true
		}
	}
	return false
}

func (b *jsonBody) render(f Filler, r *Request) error {
	out := make([]byte, 0, 128)
	for _, p := range b.parts {
		var err error
		switch {
		case p.ref != nil:
			out, err = appendValue(out, f, *p.ref)
		case p.text != nil:
			out, err = appendStringOf(out, f, *p.text)
		default:
			out = append(out, p.source...)
		}
		if err != nil {
			return inFlag("--data-json", err)
		}
	}
	if b.keys {
		if err := uniqueKeys(out); err != nil {
			return inFlag("--data-json", err)
		}
	}
	r.payload.bytes = out
	r.setType("application/json")
	return nil
}

// appendValue writes a placeholder that is alone in its string.
func appendValue(dst []byte, f Filler, ref template.Ref) ([]byte, error) {
	v, err := value(f, ref)
	if err != nil {
		return dst, err
	}
	if v.JSON != nil && ref.Cast != template.String {
		return append(dst, v.JSON...), nil
	}
	if !utf8.ValidString(v.Text) {
		return dst, notUTF8(v.Text)
	}
	return appendJSONString(dst, v.Text), nil
}

func appendStringOf(dst []byte, f Filler, t template.Template) ([]byte, error) {
	s, err := text(f, t)
	if err != nil {
		return dst, err
	}
	if !utf8.ValidString(s) {
		return dst, notUTF8(s)
	}
	return appendJSONString(dst, s), nil
}

func notUTF8(s string) error {
	return fmt.Errorf("%s is not UTF-8, which JSON has to be: send it with --stdin, or convert the input", quote(s))
}

// appendJSONString writes valid UTF-8 as a JSON string and escapes no more than
// JSON asks for: encoding/json escapes <, > and & too, for web pages.
func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = fmt.Appendf(dst, `\u%04x`, c)
		}
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}

// compact checks that text is one JSON value and takes its white space out.
func compact(s string) (json.RawMessage, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(s)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// uniqueKeys refuses an object that has a key twice: which of them counts
// depends on the server.
func uniqueKeys(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return uniqueIn(d)
}

func uniqueIn(d *json.Decoder) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			k, err := d.Token()
			if err != nil {
				return err
			}
			if key := k.(string); seen[key] {
				return fmt.Errorf("the key %s is there twice", quote(key))
			} else {
				seen[key] = true
			}
		}
		if err := uniqueIn(d); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}
