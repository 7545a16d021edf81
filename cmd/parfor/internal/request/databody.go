package request

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"parfor.dev/parfor/cmd/parfor/internal/template"
)

const (
	typeText   = "text/plain; charset=utf-8"
	typeBinary = "application/octet-stream"
	typeForm   = "application/x-www-form-urlencoded"
)

// compileBody picks the one kind of body that was asked for.
func (s *Spec) compileBody() (body, error) {
	var kinds []string
	note := func(flag string, is bool) {
		if is {
			kinds = append(kinds, flag)
		}
	}
	note("--data", s.Data != nil)
	note("--data-json", s.DataJSON != nil)
	note("--form", s.Form != nil)
	note("--multipart", s.Multipart != nil)
	note("--stdin", s.Stdin)
	if len(kinds) > 1 {
		return nil, fmt.Errorf("%s: a request has one body, choose one of them", strings.Join(kinds, " and "))
	}
	switch {
	case s.Data != nil:
		return s.compileData()
	case s.DataJSON != nil:
		return orNone(s.compileJSON())
	case s.Form != nil:
		return orNone(s.compileForm())
	case s.Multipart != nil:
		return orNone(s.compileMultipart())
	case s.Stdin:
		return stdinBody{}, nil
	}
	return nil, nil
}

// orNone keeps a nil pointer out of the interface.
func orNone[B body](b B, err error) (body, error) {
	if err != nil {
		return nil, err
	}
	return b, nil
}

// dataBody is a text template, sent as it comes out.
type dataBody struct{ text template.Template }

// fileBody is the bytes of a file, the same for all items.
type fileBody struct {
	bytes []byte
	typ   string
}

func (s *Spec) compileData() (body, error) {
	file, isFile := strings.CutPrefix(*s.Data, "@")
	if !isFile {
		t, err := s.Parse(*s.Data)
		if err != nil {
			return nil, inFlag("--data", err)
		}
		if !s.setsType() {
			err = guessed(*s.Data)
		}
		return dataBody{t}, err
	}
	t, err := s.Parse(file)
	if err != nil {
		return nil, inFlag("--data", err)
	}
	if path, ok := fixed(t); ok {
		b, err := os.ReadFile(path)
		return fileBody{b, typeOf(path)}, inFlag("--data", err)
	}
	return filesBody{t}, nil
}

func (s *Spec) setsType() bool {
	for _, h := range s.Headers {
		n, _, _ := strings.Cut(h, ":")
		if h != "" && h[0] == '@' || strings.EqualFold(n, "Content-Type") {
			return true // a file of headers may have it
		}
	}
	return false
}

// formLike is true for name=…, as in a form.
func formLike(s string) bool {
	name, _, ok := strings.Cut(s, "=")
	isName := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_-.[]", r)
	}
	return ok && name != "" && strings.TrimFunc(name, isName) == ""
}

// guessed refuses text that looks like something else: sent as plain text it
// would fail at most servers, and with items in it unescaped at some item.
func guessed(data string) error {
	d := strings.TrimSpace(data)
	switch {
	case formLike(d):
		return errors.New("--data looks like a form: write --form name=value, which escapes the item; or add -H 'Content-Type: …' to send it as it is")
	case strings.HasPrefix(d, `{"`) || strings.HasPrefix(d, `[{`) || strings.HasPrefix(d, `["`):
		return errors.New("--data looks like JSON: write --data-json, which escapes the item; or add -H 'Content-Type: …' to send it as it is")
	}
	return nil
}

func (b dataBody) varies() bool { _, same := fixed(b.text); return !same }

func (b dataBody) render(f Filler, r *Request) (err error) {
	if r.payload.bytes, err = appendText(nil, f, b.text); err != nil {
		return inFlag("--data", err)
	}
	r.setType(typeText)
	return nil
}

func (b fileBody) varies() bool { return false }

func (b fileBody) render(_ Filler, r *Request) error {
	r.payload.bytes = b.bytes
	r.setType(b.typ)
	return nil
}

// filesBody is a file per item, read while it is sent.
type filesBody struct{ path template.Template }

func (b filesBody) varies() bool { return true }

func (b filesBody) render(f Filler, r *Request) error {
	path, err := text(f, b.path)
	if err != nil {
		return inFlag("--data", err)
	}
	part, err := fileOf(path)
	if err != nil {
		return inFlag("--data", err)
	}
	r.payload = payload{
		size: part.size,
		open: func() (io.ReadCloser, error) { return part.openFile() },
		note: part.note,
	}
	r.setType(typeOf(path))
	return nil
}

// typeOf guesses by the name alone, the same on every machine.
func typeOf(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".json":
		return "application/json"
	case ".txt", ".md", ".log":
		return typeText
	case ".csv":
		return "text/csv; charset=utf-8"
	case ".html", ".htm":
		return "text/html; charset=utf-8"
	case ".xml":
		return "application/xml"
	case ".pdf":
		return "application/pdf"
	case ".png":
		return "image/png"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".gif":
		return "image/gif"
	case ".webp":
		return "image/webp"
	case ".svg":
		return "image/svg+xml"
	case ".wav":
		return "audio/wav"
	case ".mp3":
		return "audio/mpeg"
	case ".mp4":
		return "video/mp4"
	}
	return typeBinary
}

// stdinBody is the item itself.
type stdinBody struct{}

func (stdinBody) varies() bool { return true }

func (stdinBody) render(f Filler, r *Request) error {
	v, err := f.Value(template.Ref{})
	if err != nil {
		return inFlag("--stdin", err)
	}
	r.payload.bytes = []byte(v.Text)
	switch {
	case len(v.JSON) > 0 && (v.JSON[0] == '{' || v.JSON[0] == '['):
		r.setType("application/json")
	case utf8.ValidString(v.Text):
		r.setType(typeText)
	default:
		r.setType(typeBinary)
	}
	return nil
}

// formBody is name=value pairs, escaped.
type formBody []pair

type pair struct{ name, value template.Template }

func (s *Spec) compileForm() (formBody, error) {
	var b formBody
	for _, f := range s.Form {
		p, err := s.parsePair("--form", f)
		if err != nil {
			return nil, err
		}
		b = append(b, p)
	}
	return b, nil
}

func (s *Spec) parsePair(flag, f string) (p pair, err error) {
	name, value, ok := strings.Cut(f, "=")
	if !ok || name == "" {
		return p, fmt.Errorf("%s %s: write name=value", flag, quote(f))
	}
	if p.name, err = s.Parse(name); err != nil {
		return p, inFlag(flag, err)
	}
	p.value, err = s.Parse(value)
	return p, inFlag(flag, err)
}

func (b formBody) varies() bool {
	for _, p := range b {
		_, sameName := fixed(p.name)
		_, sameValue := fixed(p.value)
		if !sameName || !sameValue {
			return true
		}
	}
	return false
}

func (b formBody) render(f Filler, r *Request) error {
	var out []byte
	for i, p := range b {
		name, err := text(f, p.name)
		if err != nil {
			return inFlag("--form", err)
		}
		value, err := text(f, p.value)
		if err != nil {
			return inFlag("--form", err)
		}
		if i > 0 {
			out = append(out, '&')
		}
		out = append(out, url.QueryEscape(name)...)
		out = append(out, '=')
		out = append(out, url.QueryEscape(value)...)
	}
	r.payload.bytes = out
	r.setType(typeForm)
	return nil
}
