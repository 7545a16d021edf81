package request

import (
	"errors"
	"fmt"
	"strings"

	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// urlTemplate is a URL taken apart: what an item may be depends on where in it
// the placeholder stands. No item adds a path segment or a query parameter.
type urlTemplate struct {
	whole     *template.Ref // the URL is this placeholder alone
	https     bool
	user      string
	authority template.Template
	hostIs    string // of an authority without placeholders
	path      []urlPart
	pathIs    string // of a path without placeholders
	raw       string // as written, for the fingerprint
}

// urlPart is a piece of path and query: text that needs no escaping, or a
// placeholder and where it stands.
type urlPart struct {
	text string
	ref  *template.Ref
	at   place
}

type place int

const (
	inPath place = iota
	inQuery
	inFragment
)

// compileURL parses a URL template.
func compileURL(s string, parse func(string) (template.Template, error)) (*urlTemplate, error) {
	if s == "" {
		return nil, errors.New("there is no URL")
	}
	t, err := parse(s)
	if err != nil {
		return nil, inFlag("URL", err)
	}
	u := &urlTemplate{raw: s}
	if len(t.Parts) == 1 && t.Parts[0].Ref != nil {
		u.whole = t.Parts[0].Ref
		return u, nil
	}
	rest, err := u.cutScheme(t.Parts)
	if err != nil {
		return nil, fmt.Errorf("URL %s: %w", quote(s), err)
	}
	rest = u.cutAuthority(rest)
	if err := u.finishAuthority(); err != nil {
		return nil, fmt.Errorf("URL %s: %w", quote(s), err)
	}
	if err := u.compilePath(rest); err != nil {
		return nil, fmt.Errorf("URL %s: %w", quote(s), err)
	}
	return u, nil
}

func (u *urlTemplate) cutScheme(parts []template.Part) ([]template.Part, error) {
	first := parts[0]
	if first.Ref != nil {
		return nil, fmt.Errorf("begin it with http:// or https:// before %s; only alone can a placeholder be a whole URL", name(*first.Ref))
	}
	scheme, rest, ok := strings.Cut(first.Text, "://")
	if !ok {
		return nil, errors.New("it must begin with http:// or https://")
	}
	switch strings.ToLower(scheme) {
	case "http":
	case "https":
		u.https = true
	default:
		return nil, fmt.Errorf("%s:// is not supported, only http:// and https://", scheme)
	}
	return append([]template.Part{{Text: rest}}, parts[1:]...), nil
}

// cutAuthority moves what stands before the first slash, question mark or hash.
func (u *urlTemplate) cutAuthority(parts []template.Part) []template.Part {
	for i, p := range parts {
		if p.Ref != nil {
			u.authority.Parts = append(u.authority.Parts, p)
			continue
		}
		end := strings.IndexAny(p.Text, "/?#\\")
		if end < 0 {
			end = len(p.Text)
		}
		if end > 0 {
			u.authority.Parts = append(u.authority.Parts, template.Part{Text: p.Text[:end]})
		}
		if end < len(p.Text) {
			return append([]template.Part{{Text: p.Text[end:]}}, parts[i+1:]...)
		}
	}
	return nil
}

func (u *urlTemplate) finishAuthority() error {
	for i, p := range u.authority.Parts {
		at := strings.LastIndexByte(p.Text, '@')
		if at < 0 {
			continue
		}
		if i > 0 {
			return errors.New("a placeholder can't be a user or password: use -H 'Authorization: …' or --env-header")
		}
		u.user = userInfo(p.Text[:at])
		u.authority.Parts[0].Text = p.Text[at+1:]
	}
	host, same := fixed(u.authority)
	if !same {
		return nil
	}
	if host == "" {
		return errors.New("it has no host")
	}
	var err error
	u.hostIs, err = checkAuthority(host)
	return err
}

// userInfo is the Authorization header of user:password, whose escapes count.
func userInfo(s string) string {
	t, err := parseTarget("http://" + s + "@h/")
	if err != nil {
		return basic(s)
	}
	return t.user
}

// compilePath goes through path, query and fragment. The fragment is checked
// like the rest and then dropped: it is never sent.
func (u *urlTemplate) compilePath(parts []template.Part) error {
	at := inPath
	for _, p := range parts {
		if p.Ref != nil {
			u.add(urlPart{ref: p.Ref, at: at})
			continue
		}
		text := p.Text
		if strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) >= 0 {
			return errors.New("it has a control character")
		}
		if err := checkEscapes(text); err != nil {
			return err
		}
		for at != inFragment {
			sep, next := "?#", inQuery
			if at == inQuery {
				sep = "#"
			}
			j := strings.IndexAny(text, sep)
			if j < 0 {
				break
			}
			if text[j] == '#' {
				next = inFragment
			}
			u.add(urlPart{text: text[:j], at: at})
			if text, at = text[j+1:], next; at == inQuery {
				u.add(urlPart{text: "?", at: at})
			}
		}
		u.add(urlPart{text: text, at: at})
	}
	return u.checkPath()
}

// add appends a part; what leads into the path is a slash.
func (u *urlTemplate) add(p urlPart) {
	if p.at == inFragment && p.ref == nil || p.ref == nil && p.text == "" {
		return
	}
	if len(u.path) == 0 && (p.at != inPath || p.ref == nil && p.text[0] != '/') {
		u.path = append(u.path, urlPart{text: "/", at: inPath})
	}
	if p.ref == nil {
		p.text = literal(p.text)
	}
	u.path = append(u.path, p)
}

// checkPath refuses what is wrong whatever the items are.
func (u *urlTemplate) checkPath() error {
	if len(u.path) == 0 {
		u.path = []urlPart{{text: "/", at: inPath}}
	}
	var path strings.Builder
	for _, p := range u.path {
		if p.at == inPath && p.ref == nil {
			path.WriteString(p.text)
		} else if p.at == inPath {
			path.WriteString("x")
		}
	}
	for segment := range strings.SplitSeq(path.String(), "/") {
		if err := checkSegment(segment); err != nil {
			return err
		}
	}
	if !u.pathVaries() {
		for _, p := range u.path {
			u.pathIs += p.text
		}
	}
	return nil
}

// pathVaries is true if a placeholder is in the path or the query; in a
// fragment it isn't sent.
func (u *urlTemplate) pathVaries() bool {
	for _, p := range u.path {
		if p.ref != nil && p.at != inFragment {
			return true
		}
	}
	return false
}

func checkEscapes(s string) error {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])) {
			return fmt.Errorf("%q is no escape: write %%25 for a percent sign", s[i:min(i+3, len(s))])
		}
	}
	return nil
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func (u *urlTemplate) varies() bool {
	return u.whole != nil || u.hostIs == "" || u.pathVaries()
}

// render puts an item in.
func (u *urlTemplate) render(f Filler) (target, error) {
	if u.whole != nil {
		v, err := value(f, *u.whole)
		if err != nil {
			return target{}, err
		}
		return parseTarget(v.Text)
	}
	t := target{https: u.https, user: u.user, authority: u.hostIs}
	if t.authority == "" {
		host, err := text(f, u.authority)
		if err != nil {
			return t, err
		}
		if t.authority, err = checkAuthority(host); err != nil {
			return t, err
		}
	}
	if u.pathIs != "" {
		t.path = u.pathIs
		return t, nil
	}
	path, err := u.renderPath(f)
	t.path = string(path)
	return t, err
}

// renderPath escapes by position. A path segment that has a placeholder is
// checked once it is complete.
func (u *urlTemplate) renderPath(f Filler) ([]byte, error) {
	b := make([]byte, 0, 128)
	open, segment := false, 0 // a placeholder is in the segment that begins at b[segment]
	for _, p := range u.path {
		if p.ref == nil {
			slash := strings.IndexByte(p.text, '/')
			if open && (p.at != inPath || slash >= 0) {
				if err := closeSegment(b[segment:], p, slash); err != nil {
					return nil, err
				}
				open = false
			}
			if p.at == inPath && slash >= 0 {
				segment = len(b) + strings.LastIndexByte(p.text, '/') + 1
			}
			b = append(b, p.text...)
			continue
		}
		v, err := value(f, *p.ref)
		if err != nil {
			return nil, err
		}
		if i := strings.IndexAny(v.Text, "\r\n\x00"); i >= 0 {
			return nil, fmt.Errorf("URL: %s is %s, which has a line break or a NUL", name(*p.ref), quote(v.Text))
		}
		switch p.at {
		case inPath:
			open = true
			b = appendEscaped(b, v.Text, "-._~$&+=:@!*'(),")
		case inQuery:
			b = appendEscaped(b, v.Text, "-._~")
		}
	}
	if open {
		if err := closeSegment(b[segment:], urlPart{at: inQuery}, -1); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// closeSegment checks a segment that an item is part of; next is the text
// behind it, whose part before the slash belongs to the segment.
func closeSegment(b []byte, next urlPart, slash int) error {
	s := string(b)
	if next.at == inPath {
		s += next.text[:slash]
	}
	if s == "" {
		return errors.New("URL: the item is empty, and without it the path is another one")
	}
	if checkSegment(s) != nil {
		return fmt.Errorf("URL: the path segment %s has . or .. in it, which leads to another path", quote(s))
	}
	return nil
}

// appendEscaped escapes all but letters, digits and those in keep.
func appendEscaped(dst []byte, s, keep string) []byte {
	for _, c := range []byte(s) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(keep, c) >= 0 {
			dst = append(dst, c)
		} else {
			dst = appendHex(dst, c)
		}
	}
	return dst
}
