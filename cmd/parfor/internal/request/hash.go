package request

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// hasher hashes a list of strings; where one ends is part of it. It collects
// them first: one call for a few hundred bytes costs half of many.
type hasher struct{ all []byte }

func (h *hasher) add(s string) {
	h.all = binary.AppendUvarint(h.all, uint64(len(s)))
	h.all = append(h.all, s...)
}

// bytes adds a long text by its own hash, so that it isn't copied.
func (h *hasher) bytes(b []byte) {
	h.all = binary.AppendUvarint(h.all, uint64(len(b)))
	if len(b) > 4096 {
		sum := sha256.Sum256(b)
		b = sum[:]
	}
	h.all = append(h.all, b...)
}

// sum is 32 hex digits: 128 bits tell any number of tasks apart.
func (h *hasher) sum() string {
	sum := sha256.Sum256(h.all)
	var digits [32]byte
	hex.Encode(digits[:], sum[:16])
	return string(digits[:])
}

// TaskHash names what is sent for --resume: method, URL, the names of headers,
// body. No value of a header is part of it: tokens change between runs, and
// what is stored must not tell a secret. A file counts by its path, size and
// time of change.
func (r *Request) TaskHash() string {
	h := hasher{make([]byte, 0, 512)}
	h.add(r.Method)
	h.add(r.target.scheme())
	h.add(r.target.authority)
	h.add(r.target.path)
	for _, f := range r.Header {
		if !strings.EqualFold(f.Name, "Authorization") { // may come from an item's URL
			h.add(strings.ToLower(f.Name))
		}
	}
	h.add("")
	if r.payload.note != nil {
		r.payload.note(&h)
	} else {
		h.bytes(r.payload.bytes)
	}
	return h.sum()
}

// Fingerprint names the template: two runs with the same one sent the same
// requests for the same items, but for values of headers.
func (p *Plan) Fingerprint() string { return p.finger }

func (p *Plan) fingerprint(s Spec) string {
	h := hasher{}
	h.add(flat(p.method))
	h.add(p.url.withoutUser())
	for _, f := range p.headers.list {
		h.add(strings.ToLower(f.name))
	}
	h.add("")
	for _, d := range []*string{s.Data, s.DataJSON} {
		if d == nil {
			h.add("-")
		} else {
			h.add("+" + *d)
		}
	}
	if b, ok := p.body.(fileBody); ok {
		h.bytes(b.bytes)
	}
	if b, ok := p.body.(*jsonBody); ok { // may have come from a file
		h.add(b.source)
	}
	for _, list := range [][]string{s.Form, s.Multipart} {
		h.add("")
		for _, f := range list {
			h.add(f)
		}
	}
	if s.Stdin {
		h.add("--stdin")
	}
	return h.sum()
}

// withoutUser is the URL template as written, but for a password.
func (u *urlTemplate) withoutUser() string {
	if u.user == "" {
		return u.raw
	}
	scheme, rest, _ := strings.Cut(u.raw, "://")
	_, rest, _ = strings.Cut(rest, "@")
	return scheme + "://" + rest
}

// flat writes a template as it may have been written.
func flat(t template.Template) string {
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Ref != nil {
			b.WriteString(name(*p.Ref))
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}
