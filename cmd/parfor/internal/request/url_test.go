package request

import (
	"net/url"
	"strings"
	"testing"
)

func TestURL(t *testing.T) {
	for _, c := range []struct{ template, item, want string }{
		{"http://h/u/{}", "7", "http://h/u/7"},
		{"http://h/u/{}", "a/b?c#d e%", "http://h/u/a%2Fb%3Fc%23d%20e%25"},
		{"http://h/u/{}", "it's ü", "http://h/u/it's%20%C3%BC"},
		{"http://h/u/{}.json", "7", "http://h/u/7.json"},
		{"http://h/u/{}/x", "a;b", "http://h/u/a%3Bb/x"},
		{"http://h/{}{}", ".", "error"},
		{"http://h/{}{}{}", ".", "http://h/..."},
		{"http://h/s?q={}&n=1", "a&b=c d+e", "http://h/s?q=a%26b%3Dc%20d%2Be&n=1"},
		{"http://h/s?{}=1", "k=v", "http://h/s?k%3Dv=1"},
		{"http://h?q={}", "/..", "http://h/?q=%2F.."},
		{"http://h/a#{}", "x", "http://h/a"},
		{"http://h/{}#f{}", "x", "http://h/x"},
		{"http://{}", "Example.org", "http://example.org/"},
		{"https://{}/x", "example.org:8443", "https://example.org:8443/x"},
		{"http://{}.api.test/x", "eu", "http://eu.api.test/x"},
		{"http://h:{}/x", "8080", "http://h:8080/x"},
		{"HTTP://H/ü {}", "1", "http://h/%C3%BC%201"},
		{"http://h/{{}}/{}", "1", "http://h/%7B%7D/1"},
		{"http://[::1]:80/{}", "1", "http://[::1]:80/1"},
		{"{}", "http://h/a b?c=ü#f", "http://h/a%20b?c=%C3%BC"},
		{"{}", "https://H:1/", "https://h:1/"},
		{"{}", "http://h", "http://h/"},
		{"{}", "http://h?q", "http://h/?q"},
		{"http://h/{id:int}", "007", "http://h/7"},
	} {
		f := fill{"": txt(c.item), "id": txt(c.item)}
		r, err := compileTest(t, Spec{URL: c.template}).Prepare(f)
		if c.want == "error" {
			if err == nil {
				t.Errorf("%s with %q: %s", c.template, c.item, r.URL())
			}
			continue
		}
		if err != nil || r.URL() != c.want {
			t.Errorf("%s with %q: %v, %v, want %s", c.template, c.item, r, err, c.want)
		}
	}
}

func TestURLItemsRefused(t *testing.T) {
	for _, c := range []struct{ template, item, want string }{
		{"http://h/u/{}", "..", "leads to another path"},
		{"http://h/u/{}", ".", "leads to another path"},
		{"http://h/u/{}/x", "..", "leads to another path"},
		{"http://h/u/{}?x", "..", "leads to another path"},
		{"http://h/u/{}#f", "..", "leads to another path"},
		{"http://h/u/.{}", ".", "leads to another path"},
		{"http://h/u/{}.", ".", "leads to another path"},
		{"http://h/u/%2e{}", ".", "leads to another path"},
		{"http://h/u/{}", "../../admin", "leads to another path"},
		{"http://h/u/{}", `..\admin`, "leads to another path"},
		{"http://h/u/{}", "", "empty"},
		{"http://h/u/{}/x", "", "empty"},
		{"http://h/u/{}", "a\nb", "line break"},
		{"http://h/?q={}", "a\rb", "line break"},
		{"http://{}/x", "evil.org/x?", "can't be in a host"},
		{"http://{}.api.test/x", "evil.org#", "can't be in a host"},
		{"http://{}/x", "user@evil.org", "can't be in a host"},
		{"http://{}/x", "", "0 letters"},
		{"http://{}/x", "a..b", "0 letters"},
		{"http://{}/x", "bücher.de", "xn--"},
		{"http://{}/x", "[::1", "IPv6"},
		{"http://h:{}/x", "80/", "no port"},
		{"http://h:{}/x", "0", "no port"},
		{"http://h:{}/x", "65536", "no port"},
		{"http://h/{id:int}", "7x", "not an integer"},
		{"{}", "ftp://h/x", "ftp:// is not supported"},
		{"{}", "file:///etc/passwd", "file:// is not supported"},
		{"{}", "h/x", "must begin with http"},
		{"{}", "http://", "0 letters"},
		{"{}", "http://h/a/../b", ". or .."},
		{"{}", "http://h/%2e%2e/b", ". or .."},
		{"{}", "http://h/a\r\nX: y", "control character"},
		{"{}", "http://h/%zz", "invalid URL escape"},
	} {
		f := fill{"": txt(c.item), "id": txt(c.item)}
		_, err := compileTest(t, Spec{URL: c.template}).Prepare(f)
		fails(t, err, c.want)
	}
}

func TestURLTemplatesRefused(t *testing.T) {
	for template, want := range map[string]string{
		"":                    "no URL",
		"h/x/{}":              "must begin with http",
		"ftp://h/{}":          "ftp:// is not supported",
		"{}/x":                "begin it with http",
		"{}://h/x":            "begin it with http",
		"http:///{}":          "no host",
		"http://h h/{}":       "can't be in a host",
		"http://u:{}@h/x":     "a placeholder can't be a user",
		"http://h/%zz{}":      "is no escape",
		"http://h/../{}":      ". or ..",
		"http://h/x\n{}":      "control character",
		"http://h/{nmae}":     "did you mean",
		"http://h:99999/{}":   "no port",
		"http://h/x{}?q=50%":  "is no escape",
		"http://h/a/%2e./x{}": ". or ..",
	} {
		_, err := Compile(Spec{URL: template, Parse: parseTest})
		fails(t, err, want)
	}
}

func TestURLUser(t *testing.T) {
	for template, item := range map[string]string{"http://me:p%40ss@h/{}": "x", "{}": "http://me:p%40ss@h/x"} {
		r := prepare(t, Spec{URL: template}, whole(item))
		if r.URL() != "http://h/x" || r.Header.Get("authorization") != basic("me:p@ss") {
			t.Errorf("%s: %v %v", template, r, r.Header)
		}
	}
}

// However an item looks, the URL has the segments and parameters of its
// template.
func FuzzURL(f *testing.F) {
	for _, s := range []string{"x", "a/b", "a&b=c", "..", "%2e%2e", "a#b", "?", "\x00", "ü\xff", "http://h/a/b?c=d", "h@evil", "[::1]:8"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		it := fill{"": txt(a), "id": txt(b)}
		if r, err := compileTest(t, Spec{URL: "http://h.test/a/{}/x{id}?k={id}&{}=v#f"}).Prepare(it); err == nil {
			checkURL(t, r, 3, 2)
			u, _ := url.Parse(r.URL())
			if p, _ := url.PathUnescape(strings.Split(u.EscapedPath(), "/")[2]); p != a {
				t.Errorf("%q arrives as %q", a, p)
			}
			if got := u.Query(); got.Get("k") != b && a != "k" {
				t.Errorf("%q arrives as %q", b, got)
			}
			if u.Host != "h.test" {
				t.Errorf("the host is %s", u.Host)
			}
		}
		if r, err := compileTest(t, Spec{URL: "http://{}/a/b?c=d"}).Prepare(it); err == nil {
			checkURL(t, r, 2, 1)
		}
		if r, err := compileTest(t, Spec{URL: "{}"}).Prepare(it); err == nil {
			if _, err := url.Parse(r.URL()); err != nil || strings.ContainsAny(r.URL(), "\r\n \x00") {
				t.Errorf("%q became %q: %v", a, r.URL(), err)
			}
		}
	})
}

func checkURL(t *testing.T, r *Request, segments, parameters int) {
	t.Helper()
	u, err := url.Parse(r.URL())
	if err != nil {
		t.Fatalf("%q: %v", r.URL(), err)
	}
	if n := strings.Count(u.EscapedPath(), "/"); n != segments {
		t.Errorf("%q: %d segments, want %d", r.URL(), n, segments)
	}
	if n := strings.Count(u.RawQuery, "&") + 1; n != parameters {
		t.Errorf("%q: %d parameters, want %d", r.URL(), n, parameters)
	}
	if u.User != nil || u.Fragment != "" {
		t.Errorf("%q has a user or a fragment", r.URL())
	}
}
