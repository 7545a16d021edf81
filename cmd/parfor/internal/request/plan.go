package request

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// Plan renders requests. It is safe for concurrent use.
type Plan struct {
	method     template.Template
	url        *urlTemplate
	headers    headerPlan
	body       body // nil: none
	output     *template.Template
	idempotent bool
	finger     string
}

// body renders one kind of body.
type body interface {
	render(f Filler, r *Request) error
	varies() bool
}

// Request is one item's, ready to be sent, any number of times.
type Request struct {
	Method string
	Header Header // in the order in which it is sent, without Host and Content-Length
	Output string // the file for the answer, below the output folder; "" for none

	target     target
	host       string // a Host header of the user's
	omit       omitted
	payload    payload
	idempotent bool // has an idempotency key
}

// URL is where the request goes.
func (r *Request) URL() string { return r.target.String() }

// Idempotent reports whether the request may be sent again after it may have
// arrived: by its method, or for its idempotency key.
func (r *Request) Idempotent() bool { return r.idempotent || idempotent(r.Method) }

// Prepare renders the request of one item. It uses no network and opens no
// file, but looks up the size of files that the item names. The error says
// what of the item can't be part of a request.
func (p *Plan) Prepare(f Filler) (*Request, error) {
	r := &Request{idempotent: p.idempotent}
	m, err := text(f, p.method)
	if err != nil {
		return nil, err
	}
	if r.Method, err = checkMethod(m); err != nil {
		return nil, err
	}
	if r.target, err = p.url.render(f); err != nil {
		return nil, err
	}
	if err := p.headers.render(f, r); err != nil {
		return nil, err
	}
	if p.body != nil {
		if err := p.body.render(f, r); err != nil {
			return nil, err
		}
	}
	if r.target.user != "" && !r.Header.Has("Authorization") {
		r.Header = append(r.Header, Field{"Authorization", r.target.user})
	}
	if p.output != nil {
		if r.Output, err = text(f, *p.output); err != nil {
			return nil, err
		}
		if err := CheckOutput(r.Output); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// varies reports whether anything that is sent depends on the item.
func (p *Plan) varies() bool {
	_, same := fixed(p.method)
	return !same || p.url.varies() || p.headers.varies() || p.body != nil && p.body.varies()
}

func (p *Plan) addUser(user string) error {
	if user == "" {
		return nil
	}
	if strings.ContainsAny(user, "\r\n\x00") || !strings.Contains(user, ":") {
		return errors.New("-u: write name:password")
	}
	if p.headers.has("Authorization") {
		return errors.New("-u and -H Authorization both say who asks: use one")
	}
	p.headers.add("Authorization", basic(user))
	return nil
}

func basic(user string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user))
}

// setType gives a body its Content-Type, unless the user gave one or none.
func (r *Request) setType(t string) {
	if !r.omit.contentType && !r.Header.Has("Content-Type") {
		r.Header = append(r.Header, Field{"Content-Type", t})
	}
}

// String describes the request for --dry-run. It has no values of headers.
func (r *Request) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", r.Method, r.URL())
	for _, h := range r.Header {
		fmt.Fprintf(&b, " -H '%s: …'", h.Name)
	}
	return b.String()
}
