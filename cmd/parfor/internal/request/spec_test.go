package request

import (
	"io"
	"mime"
	"mime/multipart"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func str(s string) *string { return &s }

func bodyOf(t *testing.T, r *Request) string {
	t.Helper()
	b, err := r.payload.reader()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	all, err := io.ReadAll(b)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(all)) != r.payload.length() {
		t.Errorf("%d bytes, announced are %d", len(all), r.payload.length())
	}
	return string(all)
}

func TestMethods(t *testing.T) {
	for _, c := range []struct {
		spec       Spec
		item, want string
	}{
		{Spec{}, "x", "GET"},
		{Spec{Stdin: true}, "x", "POST"},
		{Spec{Method: "put", Stdin: true}, "x", "PUT"},
		{Spec{Method: "{}"}, "delete", "DELETE"},
		{Spec{Method: "{}"}, "PROPFIND", "PROPFIND"},
		{Spec{Method: "{}"}, "GET /x", "a method is a word"},
		{Spec{Method: "{}"}, "GET\r\n", "a method is a word"},
		{Spec{Method: "{}"}, "", "a method is a word"},
		{Spec{Method: "{}"}, "connect", "--proxy"},
	} {
		c.spec.URL = "http://h/{}"
		if strings.HasPrefix(c.spec.Method, "{") {
			c.spec.URL = "http://h/x"
		}
		r, err := compileTest(t, c.spec).Prepare(whole(c.item))
		if err != nil {
			fails(t, err, c.want)
		} else if r.Method != c.want {
			t.Errorf("%s, want %s", r.Method, c.want)
		}
	}
}

func TestBodies(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.csv")
	if err := os.WriteFile(file, []byte("raw {} bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		spec            Spec
		item            fill
		body, mediaType string
	}{
		{Spec{Data: str("n is {}")}, whole("a\nb"), "n is a\nb", typeText},
		{Spec{Data: str("a={}"), Headers: []string{"content-type: " + typeForm}}, whole("1"), "a=1", typeForm},
		{Spec{Data: str("x{}"), Headers: []string{"Content-Type:"}}, whole("1"), "x1", ""},
		{Spec{Data: str("@" + file), SameBody: true}, whole("1"), "raw {} bytes", "text/csv; charset=utf-8"},
		{Spec{Data: str("@" + dir + "/{}")}, whole("a.csv"), "raw {} bytes", "text/csv; charset=utf-8"},
		{Spec{Form: []string{"a={}", "{}=b", "c="}}, whole("x&y= z"), "a=x%26y%3D+z&x%26y%3D+z=b&c=", typeForm},
		{Spec{Stdin: true}, whole("line"), "line", typeText},
		{Spec{Stdin: true}, whole("\xff"), "\xff", typeBinary},
		{Spec{Stdin: true}, fill{"": typed(`{"a":1}`)}, `{"a":1}`, "application/json"},
		{Spec{Stdin: true}, fill{"": typed("7")}, "7", typeText},
	} {
		c.spec.URL = "http://h/"
		c.spec.Items = 2
		r := prepare(t, c.spec, c.item)
		if got := bodyOf(t, r); got != c.body {
			t.Errorf("%q, want %q", got, c.body)
		}
		if got := r.Header.Get("Content-Type"); got != c.mediaType {
			t.Errorf("%q: %q, want %q", c.body, got, c.mediaType)
		}
	}
}

func TestMultipart(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/7.png", []byte("PNG"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := prepare(t, Spec{URL: "http://h/", Multipart: []string{"id={}", `q"x={}`, "f=@" + dir + "/{}.png", "g=@" + dir + "/{}.png;type=text/x"}}, whole("7"))
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" {
		t.Fatal(media, err)
	}
	var got []string
	parts := multipart.NewReader(strings.NewReader(bodyOf(t, r)), params["boundary"])
	for {
		p, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(p)
		got = append(got, p.FormName()+"|"+p.FileName()+"|"+p.Header.Get("Content-Type")+"|"+string(b))
	}
	want := []string{"id|||7", "q%22x|||7", "f|7.png|image/png|PNG", "g|7.png|text/x|PNG"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestHeaders(t *testing.T) {
	file := filepath.Join(t.TempDir(), "auth.txt")
	if err := os.WriteFile(file, []byte("# who asks\nAuthorization: Bearer a{}b\r\n\nX-Two: 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := prepare(t, Spec{
		URL: "http://h/", Headers: []string{"X-Id: a{}", "@" + file, "X-Empty;", "Host: Other.test"}, EnvHeaders: []string{"X-Api-Key=KEY"},
		IdempotencyKey: "k-{}", Getenv: func(n string) (string, bool) { return "secret", n == "KEY" },
	}, whole("7"))
	want := Header{{"X-Id", "a7"}, {"Authorization", "Bearer a{}b"}, {"X-Two", "2"}, {"X-Empty", ""}, {"X-Api-Key", "secret"}, {"Idempotency-Key", "k-7"}}
	if len(r.Header) != len(want) {
		t.Fatalf("%q", r.Header)
	}
	for i, f := range want {
		if r.Header[i] != f {
			t.Errorf("%q, want %q", r.Header[i], f)
		}
	}
	if r.host != "other.test" {
		t.Error(r.host)
	}
	if s := r.String(); strings.Contains(s, "secret") || strings.Contains(s, "Bearer") {
		t.Errorf("it tells: %s", s)
	}
}

func TestHeaderItemsRefused(t *testing.T) {
	for item, want := range map[string]string{
		"a\r\nX-Evil: 1": "line break at byte 2",
		"a\nb":           "line break at byte 2",
		"a\x00":          "control character 0x00",
		"a\x7f":          "control character 0x7f",
		"a ":             "ends with a space",
	} {
		_, err := compileTest(t, Spec{URL: "http://h/", Headers: []string{"X-Id: {}"}}).Prepare(whole(item))
		fails(t, err, "header X-Id: ")
		fails(t, err, want)
	}
	_, err := compileTest(t, Spec{URL: "http://h/", Headers: []string{"Host: {}"}}).Prepare(whole("a b"))
	fails(t, err, "header Host")
}

func TestRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "h")
	if err := os.WriteFile(file, []byte("A: 1\nbroken SECRET\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{}, "every item would send the same request"},
		{Spec{Items: -1}, "every item would send the same request"},
		{Spec{DataJSON: str(`{"a":1}`)}, "--same-body"},
		{Spec{Data: str("x"), Stdin: true}, "--data and --stdin: a request has one body"},
		{Spec{Data: str("a={}")}, "--form name=value"},
		{Spec{Data: str(`{"a":"{}"}`)}, "--data-json"},
		{Spec{Data: str("@/none")}, "no such file"},
		{Spec{Form: []string{"a"}}, "--form \"a\": write name=value"},
		{Spec{Multipart: []string{"a=@"}}, "write name=value or name=@file"},
		{Spec{Multipart: []string{"a=@/none"}}, "no such file"},
		{Spec{Multipart: []string{"a=@/"}}, "not a regular file"},
		{Spec{Headers: []string{"X"}}, "'Name: value'"},
		{Spec{Headers: []string{"X y: z"}}, "no name of a header"},
		{Spec{Headers: []string{"Content-Length: 3"}}, "follows from the body"},
		{Spec{Headers: []string{"X-Other:"}}, "'X-Other;'"},
		{Spec{Headers: []string{"@" + file}}, "h:2: -H: write"},
		{Spec{Headers: []string{"@/none"}}, "no such file"},
		{Spec{EnvHeaders: []string{"X"}}, "NAME=VAR"},
		{Spec{EnvHeaders: []string{"X=NONE"}}, "the environment has no NONE"},
		{Spec{IdempotencyKey: "k"}, "the same for every item"},
		{Spec{User: "me", SameBody: true}, "name:password"},
		{Spec{User: "me:x", SameBody: true, Headers: []string{"Authorization: y"}}, "use one"},
		{Spec{Method: "GE T"}, "a method is a word"},
	} {
		c.spec.URL, c.spec.Parse, c.spec.Getenv = "http://h/", parseTest, func(string) (string, bool) { return "", false }
		if c.spec.Items == 0 {
			c.spec.Items = 2
		}
		_, err := Compile(c.spec)
		fails(t, err, c.want)
		if err != nil && strings.Contains(err.Error(), "SECRET") {
			t.Errorf("it tells: %v", err)
		}
	}
	_, err := Compile(Spec{Method: "GE T", URL: "h", Headers: []string{"X"}, Parse: parseTest})
	for _, want := range []string{"method", "URL", "-H"} { // all at once
		fails(t, err, want)
	}
}

// The same request is meant with --same-body, and no question with one item.
func TestSame(t *testing.T) {
	for _, s := range []Spec{
		{URL: "http://h/", Items: 1},
		{URL: "http://h/", Items: 5, SameBody: true},
		{URL: "http://h/{}", Items: 5, DataJSON: str("1")},
		{URL: "http://h/", Items: 5, Headers: []string{"X: {}"}},
		{URL: "http://h/", Items: 5, Method: "{}"},
		{URL: "{}", Items: 5},
	} {
		compileTest(t, s)
	}
}

func TestTaskHash(t *testing.T) {
	base := Spec{URL: "http://h/{}", DataJSON: str(`{"a":"{}"}`), Headers: []string{"Authorization: one"}}
	was := prepare(t, base, whole("7")).TaskHash()
	same := base
	same.Headers = []string{"Authorization: two"}
	if prepare(t, same, whole("7")).TaskHash() != was || len(was) != 32 {
		t.Error("another token is another task")
	}
	seen := map[string]string{was: "base"}
	note := func(what string, s Spec, item string) {
		h := prepare(t, s, whole(item)).TaskHash()
		if seen[h] != "" {
			t.Errorf("%s has the hash of %s", what, seen[h])
		}
		seen[h] = what
	}
	note("item", base, "8")
	s := base
	s.Method = "PUT"
	note("method", s, "7")
	s = base
	s.URL = "http://h/x{}"
	note("URL", s, "7")
	s = base
	s.DataJSON = str(`{"b":"{}"}`)
	note("body", s, "7")
	s = base
	s.Headers = append([]string{"X-Y: 1"}, s.Headers...)
	note("header", s, "7")

	file := filepath.Join(t.TempDir(), "f")
	for _, content := range []string{"1", "22"} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		note("multipart with "+content, Spec{URL: "http://h/{}", Multipart: []string{"f=@" + file}}, "7")
		note("file with "+content, Spec{URL: "http://h/", Data: str("@{}")}, file)
	}
	if a, b := prepare(t, Spec{URL: "http://h/{}", Multipart: []string{"f=1"}}, whole("7")), prepare(t, Spec{URL: "http://h/{}", Multipart: []string{"f=1"}}, whole("7")); a.TaskHash() != b.TaskHash() {
		t.Error("the boundary is part of the task")
	}
}

func TestFingerprint(t *testing.T) {
	base := Spec{URL: "http://h/{}", DataJSON: str(`{"a":"{}"}`), Headers: []string{"Authorization: one"}}
	was := compileTest(t, base).Fingerprint()
	same := base
	same.Headers = []string{"Authorization: two"}
	if compileTest(t, same).Fingerprint() != was {
		t.Error("another token is another template")
	}
	password := Spec{URL: "http://me:1@h/{}"}
	other := Spec{URL: "http://me:2@h/{}"}
	if compileTest(t, password).Fingerprint() != compileTest(t, other).Fingerprint() {
		t.Error("another password is another template")
	}
	for what, s := range map[string]Spec{
		"URL":    {URL: "http://h/x{}", DataJSON: base.DataJSON, Headers: base.Headers},
		"body":   {URL: base.URL, DataJSON: str(`{"b":"{}"}`), Headers: base.Headers},
		"kind":   {URL: base.URL, Data: base.DataJSON, Headers: append([]string{"Content-Type: x"}, base.Headers...)},
		"method": {URL: base.URL, DataJSON: base.DataJSON, Headers: base.Headers, Method: "PUT"},
		"header": {URL: base.URL, DataJSON: base.DataJSON, Headers: []string{"X-Auth: one"}},
	} {
		if compileTest(t, s).Fingerprint() == was {
			t.Errorf("another %s is the same template", what)
		}
	}
}
