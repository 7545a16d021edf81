package request

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// Field is one header.
type Field struct{ Name, Value string }

// Header is a list of headers in their order.
type Header []Field

// Get returns the first value of a header, "" without one. The case of the
// name doesn't matter.
func (h Header) Get(name string) string {
	for _, f := range h {
		if len(f.Name) == len(name) && strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Has reports whether there is such a header.
func (h Header) Has(name string) bool {
	for _, f := range h {
		if len(f.Name) == len(name) && strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// omitted are headers of ours that the user doesn't want: -H 'User-Agent:'.
type omitted struct{ contentType, userAgent, acceptEncoding bool }

type headerPlan struct {
	list []headerTemplate
	host *template.Template
	omit omitted
}

type headerTemplate struct {
	name  string
	value template.Template
}

const idempotencyHeader = "Idempotency-Key"

func (s *Spec) compileHeaders() (headerPlan, error) {
	var p headerPlan
	var faults []error
	for _, h := range s.Headers {
		if file, ok := strings.CutPrefix(h, "@"); ok {
			faults = append(faults, p.addFile(file))
			continue
		}
		faults = append(faults, p.addLine(h, s.Parse))
	}
	for _, e := range s.EnvHeaders {
		faults = append(faults, p.addEnv(e, s.Getenv))
	}
	if s.IdempotencyKey != "" {
		t, err := s.Parse(s.IdempotencyKey)
		if _, same := fixed(t); err == nil && same && s.Items != 1 && s.Items != 0 {
			err = errors.New("it is the same for every item, so the server would take them for one: put {} in it")
		}
		faults = append(faults, inFlag("--idempotency-key", err))
		p.list = append(p.list, headerTemplate{idempotencyHeader, t})
	}
	return p, errors.Join(faults...)
}

// addLine adds what -H says, in curl's forms.
func (p *headerPlan) addLine(line string, parse func(string) (template.Template, error)) error {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		if n, empty := strings.CutSuffix(line, ";"); empty && isToken(n) {
			return p.put(n, template.Template{})
		}
		return errors.New("-H: write 'Name: value', 'Name:' to leave it out, 'Name;' for an empty one, or @file")
	}
	value = strings.TrimSpace(value)
	if value == "" {
		return p.leaveOut(name)
	}
	t, err := parse(value)
	if err != nil {
		return fmt.Errorf("-H %s: %w", name, err)
	}
	return p.put(name, t)
}

// addFile adds the headers of a file, one a line, without placeholders: a
// token may well have braces. Empty lines and those that begin with # are
// skipped.
func (p *headerPlan) addFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("-H @%s: %w", path, err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if err := p.addLine(line, plainText); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("-H @%s: %w", path, err)
	}
	return nil
}

func plainText(s string) (template.Template, error) {
	return template.Template{Parts: []template.Part{{Text: s}}}, nil
}

func (p *headerPlan) addEnv(pair string, getenv func(string) (string, bool)) error {
	name, variable, ok := strings.Cut(pair, "=")
	if !ok || variable == "" {
		return errors.New("--env-header: write NAME=VAR, as in Authorization=API_AUTH")
	}
	value, ok := getenv(variable)
	if !ok || value == "" {
		return fmt.Errorf("--env-header %s: the environment has no %s", name, variable)
	}
	t, _ := plainText(value)
	return p.put(name, t)
}

func (p *headerPlan) put(name string, value template.Template) error {
	if !isToken(name) {
		return fmt.Errorf("-H: %s is no name of a header", quote(name))
	}
	switch strings.ToLower(name) {
	case "content-length", "transfer-encoding":
		return fmt.Errorf("-H %s: it follows from the body; leave it out", name)
	case "trailer", "te", "upgrade":
		return fmt.Errorf("-H %s: this part of HTTP is not supported", name)
	}
	if v, ok := fixed(value); ok {
		if err := checkHeaderValue(name, v); err != nil {
			return err
		}
	}
	if strings.EqualFold(name, "Host") {
		p.host = &value
		return nil
	}
	p.list = append(p.list, headerTemplate{name, value})
	return nil
}

func (p *headerPlan) leaveOut(name string) error {
	switch strings.ToLower(name) {
	case "content-type":
		p.omit.contentType = true
	case "user-agent":
		p.omit.userAgent = true
	case "accept-encoding":
		p.omit.acceptEncoding = true
	default:
		return fmt.Errorf("-H '%s:' leaves out a header that isn't sent anyway; write '%s;' to send it empty", name, name)
	}
	return nil
}

func (p *headerPlan) add(name, value string) {
	t, _ := plainText(value)
	p.list = append(p.list, headerTemplate{name, t})
}

func (p *headerPlan) has(name string) bool {
	for _, h := range p.list {
		if strings.EqualFold(h.name, name) {
			return true
		}
	}
	return false
}

func (p *headerPlan) varies() bool {
	for _, h := range p.list {
		if _, same := fixed(h.value); !same {
			return true
		}
	}
	if p.host != nil {
		_, same := fixed(*p.host)
		return !same
	}
	return false
}

func (p *headerPlan) render(f Filler, r *Request) error {
	r.omit = p.omit
	r.Header = make(Header, 0, len(p.list)+2)
	for _, h := range p.list {
		v, err := text(f, h.value)
		if err != nil {
			return fmt.Errorf("header %s: %w", h.name, err)
		}
		if err := checkHeaderValue(h.name, v); err != nil {
			return err
		}
		r.Header = append(r.Header, Field{h.name, v})
	}
	if p.host == nil {
		return nil
	}
	host, err := text(f, *p.host)
	if err != nil {
		return fmt.Errorf("header Host: %w", err)
	}
	if r.host, err = checkAuthority(host); err != nil {
		return fmt.Errorf("header Host: %w", err)
	}
	return nil
}

// CheckHeader refuses a value that can't be a header's. It doesn't show it.
func CheckHeader(name, value string) error { return checkHeaderValue(name, value) }

// checkHeaderValue refuses what would end the header early. It doesn't show
// the value: it may be a secret.
func checkHeaderValue(name, v string) error {
	for i, c := range []byte(v) {
		if c == '\r' || c == '\n' {
			return fmt.Errorf("header %s: its value has a line break at byte %d, which would begin another header", name, i+1)
		}
		if c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Errorf("header %s: its value has the control character %#02x at byte %d", name, c, i+1)
		}
	}
	if v != strings.Trim(v, " \t") {
		return fmt.Errorf("header %s: its value begins or ends with a space, which HTTP drops", name)
	}
	return nil
}
