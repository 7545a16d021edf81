package request

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func jsonSpec(s string) Spec { return Spec{URL: "http://h/", DataJSON: &s, Items: 1} }

func TestJSONBody(t *testing.T) {
	it := fill{
		"": typed("7"), "n": typed("1.50"), "s": typed(`"it's \"q\""`), "o": typed(`{"a":[1]}`), "null": typed("null"),
		"csv": txt("007"), "big": txt("+123456789012345678901234567890"), "text": txt("a\"b\\c\nd\x01<&>ü\u2028"), "raw": txt(` {"z": 1} `), "k": txt("key"),
	}
	for template, want := range map[string]string{
		`{"n":"{}"}`:                        `{"n":7}`,
		`"{}"`:                              `7`,
		`{"n": "{n}", "x":[1, 2.0, 1e999]}`: `{"n": 1.50, "x":[1, 2.0, 1e999]}`,
		`["{s}","{o}","{null}"]`:            `["it's \"q\"",{"a":[1]},null]`,
		`["no {}, {o}"]`:                    `["no 7, {\"a\":[1]}"]`,
		`["{csv}","{csv:int}","{big:int}"]`: `["007",7,123456789012345678901234567890]`,
		`["{:str}","{o:str}","{s:str}"]`:    `["7","{\"a\":[1]}","it's \"q\""]`,
		`["{raw:json}","{raw}"]`:            `[{"z":1}," {\"z\": 1} "]`,
		`["{text}"]`:                        "[\"a\\\"b\\\\c\\nd\\u0001<&>ü\u2028\"]",
		`{"{k}":1,"x{}":2,"{}":3}`:          `{"key":1,"x7":2,"7":3}`,
		`{"a":{{}},"b":"{{}}","c":{ }}`:     `{"a":{},"b":"{}","c":{ }}`,
		`{"a":"\u007b}"}`:                   `{"a":7}`,
		`{"a":"\ud83d\ude00 {}"}`:           `{"a":"😀 7"}`,
		`{"a":"\ud800"}`:                    `{"a":"\ud800"}`,
	} {
		r := prepare(t, jsonSpec(template), it)
		if got := string(r.payload.bytes); got != want || !json.Valid(r.payload.bytes) {
			t.Errorf("%s: %s, want %s", template, got, want)
		}
		if got := r.Header.Get("Content-Type"); got != "application/json" {
			t.Error(got)
		}
	}
}

func TestJSONTemplatesRefused(t *testing.T) {
	for template, want := range map[string]string{
		`{}`:                 `write "{}" for the item, {{}} for an empty object`,
		`{"a":{}}`:           `write "{}" for the item`,
		`{"n":{id}}`:         `put quotes around the placeholder, "{id}"`,
		`{"n":{id:int}}`:     `put quotes around the placeholder, "{id:int}"`,
		``:                   "empty",
		`{"a":1,}`:           "line 1, byte 8",
		"{\n\"a\":'x'}":      "line 2, byte 5",
		`{"a":"x`:            "not JSON",
		`{"a":"\x"}`:         "not JSON",
		`{"a":"{nmae}"}`:     "did you mean",
		"\"\xff\"":           "UTF-8",
		`{"a":1} {"b":"{}"}`: "not JSON",
		"@/does/not/exist":   "no such file",
	} {
		s := jsonSpec(template)
		s.Parse = parseTest
		_, err := Compile(s)
		fails(t, err, want)
	}
}

// With a marker of the user's, braces are braces.
func TestJSONWithMarker(t *testing.T) {
	s := jsonSpec(`{"a":{},"b":"@"}`)
	s.Parse = parseMarker
	p, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Prepare(fill{"": typed("7")})
	if err != nil || string(r.payload.bytes) != `{"a":{},"b":7}` {
		t.Errorf("%s %v", r.payload.bytes, err)
	}
}

func TestJSONItemsRefused(t *testing.T) {
	for template, want := range map[string]string{
		`"{bad:int}"`:          `{bad:int}: "x" is not an integer`,
		`"{bad:json}"`:         `{bad:json}: "x" is not JSON`,
		`"{bytes}"`:            "not UTF-8",
		`"a{bytes}"`:           "not UTF-8",
		`{"bad":1,"{name}":2}`: `the key "bad" is there twice`,
		`"{none}"`:             "the item has no none",
	} {
		_, err := compileTest(t, jsonSpec(template)).Prepare(fill{"bad": txt("x"), "bytes": txt("\xff"), "name": txt("bad")})
		fails(t, err, want)
	}
}

func TestJSONFromFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "body.json")
	if err := os.WriteFile(file, []byte("{\"n\": \"{}\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := prepare(t, jsonSpec("@"+file), fill{"": typed("7")})
	if got := string(r.payload.bytes); got != "{\"n\": 7}\n" {
		t.Error(got)
	}
}

// Whatever the item is, the body parses, and has it where the template says.
func FuzzJSONBody(f *testing.F) {
	for _, s := range []string{"x", `"`, `\`, "\n", "\xff", `{"a":1}`, "7", "{}", "\u2028", "\x00", "😀"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := compileTest(t, jsonSpec(`{"a":"{}","b":["x{}y"],"k{}":1,"{id:str}":{{}}}`))
		r, err := p.Prepare(fill{"": txt(s), "id": txt("id")})
		if err != nil {
			return
		}
		var got map[string]any
		if err := json.Unmarshal(r.payload.bytes, &got); err != nil || len(got) != 4 {
			t.Fatalf("%q became %s: %v", s, r.payload.bytes, err)
		}
		if got["a"] != s || got["b"].([]any)[0] != "x"+s+"y" || got["k"+s] != 1.0 {
			t.Errorf("%q became %s", s, r.payload.bytes)
		}
	})
}

// Whatever the template is, what it renders parses.
func FuzzJSONTemplate(f *testing.F) {
	for _, s := range []string{`{"a":"{}"}`, `[{{}},"{id:int}"]`, `"\ud800{}"`, `{"{}":1}`, `{`, `"\"{}"`} {
		f.Add(s, "7")
	}
	f.Fuzz(func(t *testing.T, template, s string) {
		if len(template) > 0 && template[0] == '@' {
			return
		}
		spec := jsonSpec(template)
		spec.Parse = parseTest
		p, err := Compile(spec)
		if err != nil {
			return
		}
		r, err := p.Prepare(fill{"": txt(s), "id": txt("3"), "1": typed(`{"x":[]}`)})
		if err == nil && !json.Valid(r.payload.bytes) {
			t.Errorf("%q with %q: %q", template, s, r.payload.bytes)
		}
	})
}
