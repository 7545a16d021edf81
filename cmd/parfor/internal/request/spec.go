package request

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// Spec is what the user asked for: the flags of `parfor http` as written.
type Spec struct {
	Method string // a template; "": GET, or POST with a body
	URL    string // a template

	Headers        []string // -H: "Name: value" (a template), "Name:" (don't send), "Name;" (empty), "@file"
	EnvHeaders     []string // --env-header: NAME=VAR
	User           string   // -u: name:password, not a template
	IdempotencyKey string   // --idempotency-key: a template

	// The body: at most one of them.
	Data      *string  // --data: a template, or @file for its bytes
	DataJSON  *string  // --data-json: JSON with placeholders, or @file that has it
	Form      []string // --form: name=value
	Multipart []string // --multipart: name=value, name=@file, name=@file;type=T
	Stdin     bool     // --stdin: the item

	Output   string // a template of the file that an answer goes to, below Options.OutDir
	SameBody bool   // the same request for more than one item is meant
	Items    int    // how many there are; negative: not known, as for a pipe

	Parse  func(text string) (template.Template, error)
	Getenv func(name string) (string, bool) // for EnvHeaders, such as os.LookupEnv
}

// Compile checks everything that can be known without an item and returns what
// renders them. It reads the files that the flags name. All mistakes are
// reported together; none of the messages has the value of a header.
func Compile(s Spec) (*Plan, error) {
	p := &Plan{idempotent: s.IdempotencyKey != ""}
	var faults []error
	note := func(err error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	var err error
	p.body, err = s.compileBody()
	note(err)
	p.method, err = s.compileMethod(p.body != nil)
	note(err)
	p.url, err = compileURL(s.URL, s.Parse)
	note(err)
	p.headers, err = s.compileHeaders()
	note(err)
	if s.Output != "" {
		t, err := s.Parse(s.Output)
		note(inFlag("--output-dir", err))
		p.output = &t
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if err := p.addUser(s.User); err != nil {
		return nil, err
	}
	if !p.varies() && s.Items != 1 && s.Items != 0 && !s.SameBody {
		return nil, errSame
	}
	p.finger = p.fingerprint(s)
	return p, nil
}

var errSame = errors.New("every item would send the same request, because it has no placeholder: put {} where the item belongs, or add --same-body if that is meant")

func (s *Spec) compileMethod(body bool) (template.Template, error) {
	if s.Method == "" {
		m := http.MethodGet
		if body {
			m = http.MethodPost
		}
		return template.Template{Parts: []template.Part{{Text: m}}}, nil
	}
	t, err := s.Parse(s.Method)
	if err != nil {
		return t, inFlag("method", err)
	}
	if m, ok := fixed(t); ok {
		if m, err = checkMethod(m); err != nil {
			return t, err
		}
		t.Parts = []template.Part{{Text: m}}
	}
	return t, nil
}

// checkMethod refuses what isn't one, and writes the standard ones in capitals:
// "post" from an item means POST, although HTTP tells them apart.
func checkMethod(m string) (string, error) {
	switch up := strings.ToUpper(m); up {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE":
		return up, nil
	case "CONNECT":
		return "", errors.New("method CONNECT asks a proxy for a tunnel: use --proxy")
	}
	if !isToken(m) {
		return "", fmt.Errorf("method %s: a method is a word such as GET or POST", quote(m))
	}
	return m, nil
}

// isToken is true for RFC 9110's tokens: methods and header names.
func isToken(s string) bool {
	for i := range len(s) {
		if !tokenByte[s[i]] {
			return false
		}
	}
	return s != ""
}

var tokenByte = func() (is [256]bool) {
	for c := range 128 {
		b := byte(c)
		is[c] = 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0
	}
	return is
}()

func inFlag(flag string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", flag, err)
}
