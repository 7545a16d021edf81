package template

import (
	"strings"
	"testing"

	"parfor.dev/parfor/cmd/parfor/internal/item"
)

func object(t *testing.T, text string) item.Item {
	t.Helper()
	it, err := item.JSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return it
}

func TestValues(t *testing.T) {
	row := item.Row([]string{"id", "name", "qty", "j"}, "7", "O'Neil", "007", `{"x": [1, 2]}`)
	json := object(t, `{"n": 12.50, "s": "5", "t": "x y", "b": true, "z": null, "a": {"b": [1, {"c": "deep"}]}, "big": 123456789012345678901234567890}`)
	for _, c := range []struct {
		item        item.Item
		text        string
		want, typed string // typed: the JSON; "": just text
		fails       string
	}{
		{item: row, text: "{}", want: `{"id":"7","name":"O'Neil","qty":"007","j":"{\"x\": [1, 2]}"}`, typed: `{"id":"7","name":"O'Neil","qty":"007","j":"{\"x\": [1, 2]}"}`},
		{item: row, text: "{1}", want: "7"},
		{item: row, text: "{1:int}", want: "7", typed: "7"},
		{item: row, text: "{name}", want: "O'Neil"},
		{item: row, text: "{qty:int}", want: "7", typed: "7"},
		{item: row, text: "{j:json}", want: `{"x":[1,2]}`, typed: `{"x":[1,2]}`},
		{item: row, text: "{name:int}", fails: `name: "O'Neil" is no whole number`},
		{item: row, text: "{2:int}", fails: `{2}: "O'Neil" is no whole number`},
		{item: row, text: "{name:json}", fails: `name: "O'Neil" is no JSON: invalid character 'O'`},
		{item: row, text: "{:int}", fails: `{}: "{\"id\"`},
		{item: json, text: "{n}", want: "12.50", typed: "12.50"},
		{item: json, text: "{n:str}", want: "12.50"},
		{item: json, text: "{n:int}", fails: `n: "12.50" is no whole number`},
		{item: json, text: "{s}", want: "5", typed: `"5"`},
		{item: json, text: "{s:int}", want: "5", typed: "5"},
		{item: json, text: "{s:json}", want: "5", typed: "5"},
		{item: json, text: "{t}", want: "x y", typed: `"x y"`},
		{item: json, text: "{b}", want: "true", typed: "true"},
		{item: json, text: "{z}", want: "null", typed: "null"},
		{item: json, text: "{z:int}", fails: `z: "null" is no whole number`},
		{item: json, text: "{a.b}", want: `[1,{"c":"deep"}]`, typed: `[1,{"c":"deep"}]`},
		{item: json, text: "{a.b.1.c}", want: "deep", typed: `"deep"`},
		{item: json, text: "{big:int}", want: "123456789012345678901234567890", typed: "123456789012345678901234567890"},
		{item: json, text: "{nope}", fails: "the item has no field nope"},
		{item: json, text: "{a.b.2}", fails: "the item has no field a.b.2"},
		{item: item.Text("-0012"), text: "{:int}", want: "-12", typed: "-12"},
		{item: item.Text("+0"), text: "{:int}", want: "0", typed: "0"},
		{item: item.Text("-0"), text: "{:int}", want: "0", typed: "0"},
		{item: item.Text("--1"), text: "{:int}", fails: "is no whole number"},
		{item: item.Text("-+1"), text: "{:int}", fails: "is no whole number"},
		{item: item.Text(""), text: "{:int}", fails: `{}: "" is no whole number`},
		{item: item.Text(" 1"), text: "{:int}", fails: "is no whole number"},
		{item: item.Text("1e3"), text: "{:int}", fails: "is no whole number"},
		{item: item.Text("٣"), text: "{:int}", fails: "is no whole number"},
		{item: item.Text(strings.Repeat("x", 1000)), text: "{:int}", fails: strings.Repeat("x", 60) + `"… is no whole number`},
		{item: item.Text("x"), text: "{#}", want: "41", typed: "41"},
		{item: item.Text("x"), text: "{%}", want: "3", typed: "3"},
		{item: item.Text("x"), text: "{%:str}", want: "3"},
	} {
		schema := item.Schema{Columns: len(c.item.Columns), Open: true}
		tmpl, err := Parse(c.text, schema, "")
		if err != nil {
			t.Fatalf("%s: %v", c.text, err)
		}
		ref, _ := tmpl.Alone()
		v, err := Value(ref, &c.item, Env{Seq: 41, Slot: 3})
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%s of %s: %v, want %s", c.text, c.item.Whole.Text, err, c.fails)
			}
			if text, err := tmpl.Text(&c.item, Env{}); err == nil || text != "" {
				t.Errorf("%s of %s: the text is %q, %v", c.text, c.item.Whole.Text, text, err)
			}
			continue
		}
		if err != nil || v.Text != c.want || string(v.JSON) != c.typed {
			t.Errorf("%s of %s: %q, %s, %v", c.text, c.item.Whole.Text, v.Text, v.JSON, err)
		}
	}
}

func TestColumnOfAShortItem(t *testing.T) {
	it := item.Row(nil, "a")
	if _, err := Value(Ref{Kind: Column, N: 2}, &it, Env{}); err == nil || err.Error() != "{2}: the item has 1 column" {
		t.Error(err)
	}
}

func TestPathParts(t *testing.T) {
	for _, c := range []struct{ path, noExt, base, dir, baseNoExt string }{
		{"a.jpg", "a", "a.jpg", ".", "a"},
		{"dir/a.tar.gz", "dir/a.tar", "a.tar.gz", "dir", "a.tar"},
		{"/a", "/a", "a", "/", "a"},
		{"/a/b.c", "/a/b", "b.c", "/a", "b"},
		{"sub.com/a", "sub.com/a", "a", "sub.com", "a"},
		{"a/b/", "a/b/", "b", "a", "b"},
		{"a//b", "a//b", "b", "a", "b"},
		{".bashrc", ".bashrc", ".bashrc", ".", ".bashrc"},
		{"d/.x", "d/.x", ".x", "d", ".x"},
		{"d/.x.y", "d/.x", ".x.y", "d", ".x"},
		{"a.", "a", "a.", ".", "a"},
		{"..", "..", "..", ".", ".."},
		{"../..x.y", "../..x", "..x.y", "..", "..x"},
		{"/", "/", "/", "/", "/"},
		{"//", "//", "/", "/", "/"},
		{"", "", "", ".", ""},
		{"a b/ü.x y", "a b/ü", "ü.x y", "a b", "ü"},
		{"https://h/p/f.html", "https://h/p/f", "f.html", "https://h/p", "f"},
	} {
		got := [4]string{noExt(c.path), base(c.path), dir(c.path), noExt(base(c.path))}
		if want := [4]string{c.noExt, c.base, c.dir, c.baseNoExt}; got != want {
			t.Errorf("%q: %q, want %q", c.path, got, want)
		}
	}
}

// TestItemsAreNotReadAgain: what an item says is never taken for a placeholder.
func TestItemsAreNotReadAgain(t *testing.T) {
	tmpl, err := Parse("a {} {{}} {name} b", item.Schema{Fields: []string{"name"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	it := item.Row([]string{"name"}, "{} {name} {{}} $& \\1 %s")
	got, err := tmpl.Text(&it, Env{})
	if want := `a {"name":"{} {name} {{}} $& \\1 %s"} {} {} {name} {{}} $& \1 %s b`; err != nil || got != want {
		t.Errorf("%s, %v", got, err)
	}
}
