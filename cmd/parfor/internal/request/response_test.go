package request

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

func TestFill(t *testing.T) {
	for _, c := range []struct {
		media, body string
		truncated   bool
		want        string
	}{
		{"application/json", `{"a": 1}`, false, `"body":{"a":1}`},
		{"application/json; charset=utf-8", `[1]`, false, `"body":[1]`},
		{"application/problem+json", `null`, false, `"body":null`},
		{"application/json", `{"a":`, false, `"output":"{\"a\":"`},
		{"application/json", `{"a":1}`, true, `"output":"{\"a\":1}"`},
		{"text/plain", `17`, false, `"output":"17"`},
		{"", `{"a":1}`, false, `"body":{"a":1}`},
		{"", `17`, false, `"output":"17"`},
		{"image/png", "\x89PNG\xff", false, `"output_base64":"iVBOR/8="`},
		{"application/json", "", false, `"code":200`},
	} {
		r := Response{Status: 200, Body: []byte(c.body), Truncated: c.truncated, Took: 1500 * time.Microsecond}
		if c.media != "" {
			r.Header = Header{{"content-type", c.media}}
		}
		var rec record.Record
		r.Fill(&rec)
		b, err := json.Marshal(rec)
		if err != nil || !strings.Contains(string(b), c.want) || rec.MS != 1.5 || rec.Truncated != c.truncated {
			t.Errorf("%s %q: %s, %v, want %s", c.media, c.body, b, err, c.want)
		}
		n := 0
		for _, kept := range []bool{rec.Body != nil, rec.Output != nil, rec.Base64 != nil} {
			if kept {
				n++
			}
		}
		if want := min(len(c.body), 1); n != want {
			t.Errorf("%q is kept %d times", c.body, n)
		}
	}
}

func TestWholeRunes(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "abc": "abc", "ü": "ü", "a\xc3": "a", "a😀"[:4]: "a", "a😀"[:2]: "a", "😀": "😀", "a\xff": "a\xff", "\x80\x80\x80\x80": "\x80\x80\x80\x80",
	} {
		if got := string(wholeRunes([]byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestOutDir(t *testing.T) {
	outside := t.TempDir()
	dir := filepath.Join(t.TempDir(), "new", "out")
	out, err := OpenOutDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	for _, name := range []string{"a", "b/c.txt", "a"} {
		n, err := out.save(name, strings.NewReader("hello"))
		b, readErr := os.ReadFile(filepath.Join(dir, name))
		if n != 5 || err != nil || readErr != nil || string(b) != "hello" {
			t.Errorf("%s: %d %v, %q %v", name, n, err, b, readErr)
		}
	}
	for _, name := range []string{"", ".", "..", "../x", "/etc/x", "b/../../x", "link/x", "a\x00b", "d/", "b", strings.Repeat("x", 256)} {
		if _, err := out.save(name, strings.NewReader("x")); !errors.As(err, new(errLocal)) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := out.save("e", io.MultiReader(strings.NewReader("x"), brokenReader{})); err != io.ErrUnexpectedEOF {
		t.Error(err)
	}
	var left []string
	_ = filepath.WalkDir(dir, func(p string, d os.DirEntry, _ error) error {
		if !d.IsDir() {
			left = append(left, d.Name())
		}
		return nil
	})
	if strings.Join(left, " ") != "a c.txt link" {
		t.Errorf("in the folder: %q", left)
	}
	if entries, _ := os.ReadDir(outside); len(entries) > 0 {
		t.Errorf("outside of it: %v", entries)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestFileName(t *testing.T) {
	for key, want := range map[string]string{
		"42": "42", "a b.txt": "a b.txt", "../x": "%2E.%2Fx", ".": "%2E", "..": "%2E.", "a/b": "a%2Fb", `a\b:c`: "a%5Cb%3Ac", "50%": "50%25", "x\n": "x%0A", "ü": "ü",
	} {
		if got := FileName(key); got != want || CheckOutput(got) != nil {
			t.Errorf("%q: %q, want %q", key, got, want)
		}
	}
}

// Answers go to files, others into the record; a broken one leaves no file.
func TestToFiles(t *testing.T) {
	paths(t, func(t *testing.T, standard bool) {
		big := strings.Repeat("0123456789", 200_000)
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/missing":
				http.Error(w, "no such thing", 404)
			case "/broken":
				w.Header().Set("Content-Length", "100")
				fmt.Fprint(w, "only this")
			default:
				fmt.Fprint(w, big)
			}
		})
		dir := t.TempDir()
		out, err := OpenOutDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		client := newTestClient(t, Options{OutDir: out, MaxOutput: 5}, standard)
		spec := Spec{URL: s.URL + "/{}", Output: "{}.txt"}
		resp, err := client.Do(t.Context(), prepare(t, spec, whole("good")))
		if err != nil || resp.File != "good.txt" || resp.Size != int64(len(big)) || resp.Body != nil || resp.Truncated {
			t.Errorf("%v %v", resp, err)
		}
		if b, err := os.ReadFile(filepath.Join(dir, "good.txt")); err != nil || string(b) != big {
			t.Errorf("%d bytes, %v", len(b), err)
		}
		resp, err = client.Do(t.Context(), prepare(t, spec, whole("missing")))
		if err != nil || resp.File != "" || string(resp.Body) != "no su" || !resp.Truncated {
			t.Errorf("%v %v", resp, err)
		}
		_, err = client.Do(t.Context(), prepare(t, spec, whole("broken")))
		var f *Failure
		if !errors.As(err, &f) || f.Stage != Answering || f.Got != 9 {
			t.Errorf("%#v", err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("in the folder: %v", entries)
		}
		_, err = compileTest(t, spec).Prepare(whole("../x"))
		if err == nil {
			t.Error("../x.txt is taken")
		}
	})
}

// A disk that is full is our fault, not the server's: no attempt helps.
func TestFileThatCannotBe(t *testing.T) {
	paths(t, func(t *testing.T, standard bool) {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "x") })
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "x"), 0o777); err != nil {
			t.Fatal(err)
		}
		out, err := OpenOutDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		r := prepare(t, Spec{URL: s.URL + "/{}", Output: "{}"}, whole("x"))
		_, err = newTestClient(t, Options{OutDir: out}, standard).Do(t.Context(), r)
		var f *Failure
		if !errors.As(err, &f) || f.Stage != Local {
			t.Fatalf("%#v", err)
		}
		if again, _ := (Retry{}).Again(&Request{Method: "GET"}, err, nil); again {
			t.Error("tried again")
		}
	})
}
