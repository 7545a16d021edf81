package request

import (
	"fmt"
	"strings"
	"testing"
)

func TestExpect(t *testing.T) {
	for _, c := range []struct {
		expect []string
		status int
		body   string
		want   string // of the error; "": none
	}{
		{nil, 200, "", ""},
		{nil, 299, "", ""},
		{nil, 404, `{"error":"gone"}`, `expected status 2xx, got 404 x: {"error":"gone"}`},
		{nil, 302, "", "expected status 2xx, got 302 x"},
		{[]string{"2xx,404"}, 404, "", ""},
		{[]string{"2xx", "404"}, 404, "", ""},
		{[]string{"2XX, 40x"}, 403, "", ""},
		{[]string{"404"}, 200, "", "expected status 404, got 200 x"},
		{[]string{"2xx,404"}, 500, "", "expected status 2xx or 404, got 500 x"},
		{[]string{".ok == true"}, 200, `{"ok":true}`, ""},
		{[]string{".ok == true"}, 200, `{"ok":false}`, `expected .ok == true, got false for {"ok":false}`},
		{[]string{".id"}, 200, `{"id":0}`, ""},
		{[]string{".id"}, 200, `{}`, `expected .id, got null for {}`},
		{[]string{".[] > 1"}, 200, `[2,1]`, `expected .[] > 1, got false`},
		{[]string{".[]"}, 200, `[]`, `got no value`},
		{[]string{".a.b"}, 200, `{"a":3}`, `expected .a.b, got expected an object`},
		{[]string{".ok"}, 200, `<html>`, `expected .ok, got an answer that is not JSON: <html>`},
		{[]string{".ok"}, 200, ``, `not JSON`},
		{[]string{".ok"}, 404, `{"ok":true}`, `expected status 2xx`},
		{[]string{"404", ".ok"}, 404, `{"ok":true}`, ``},
		{[]string{".a", ".b"}, 200, `{"a":1,"b":false}`, `expected .b, got false`},
		{[]string{"def f: f; f"}, 200, `1`, `no result after 1s`},
		{[]string{"env.HOME"}, 200, `1`, `got null`},
	} {
		e, err := ParseExpect(c.expect)
		if err != nil {
			t.Fatal(err)
		}
		err = e.Check(&Response{Status: c.status, Reason: fmt.Sprintf("%d x", c.status), Body: []byte(c.body)})
		if c.want == "" && err != nil {
			t.Errorf("%q, %d %s: %v", c.expect, c.status, c.body, err)
		}
		if c.want != "" {
			fails(t, err, c.want)
		}
	}
	for _, bad := range []string{".a |", "600", "99", "2xx,600", "nofunction", "input"} {
		if _, err := ParseExpect([]string{bad}); err == nil {
			t.Errorf("--expect %q is taken", bad)
		}
	}
	e, _ := ParseExpect([]string{".a"})
	fails(t, e.Check(&Response{Status: 200, Body: []byte("{"), Truncated: true}), "raise --max-output")
	if !e.ReadsBody() {
		t.Error("it reads the body")
	}
}

func TestSnippet(t *testing.T) {
	for in, want := range map[string]string{
		"a\n\tb\r\n c":                 "a b c",
		"\x1b[31mred\x00":              "[31mred",
		strings.Repeat("ü", 150):       strings.Repeat("ü", 100) + "…",
		"\xff\xfe":                     "2 bytes that are no text",
		strings.Repeat("x", 200):       strings.Repeat("x", 200),
		"x" + strings.Repeat("ü", 150): "x" + strings.Repeat("ü", 99) + "…",
	} {
		if got := snippet([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
