package item

import (
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// formatCase is a text in a format and the items that it is.
type formatCase struct {
	name, text string
	noHeader   bool
	want       []string
	fails      string
}

// check reads each text twice, once a byte at a time, as standard input, and
// as a file for its count.
func check(t *testing.T, format Format, cases []formatCase) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, c := range cases {
		opt := Options{Format: format, NoHeader: c.noHeader, Stdin: strings.NewReader(c.text)}
		got, err := read(t, Specs([]string{"-"}), opt)
		if !failsWith(err, c.fails) || !slices.Equal(got, c.want) {
			t.Errorf("%s %s: %q, %v", format, c.name, got, err)
		}
		opt.Stdin = iotest.OneByteReader(strings.NewReader(c.text))
		again, err := read(t, Specs([]string{"-"}), opt)
		if !failsWith(err, c.fails) || !slices.Equal(again, c.want) {
			t.Errorf("%s %s, a byte at a time: %q, %v", format, c.name, again, err)
		}
		if err == nil {
			write(t, "file", c.text)
			if n := counted(t, "file", opt); n != len(c.want) {
				t.Errorf("%s %s: %d items are counted as %d", format, c.name, len(c.want), n)
			}
		}
	}
}

// counted is the count that a file's own counter comes to.
func counted(t *testing.T, file string, opt Options) int {
	t.Helper()
	s, err := Open(Specs([]string{file}), opt)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Total()
	s.groups[0].inputs[0].(interface{ countingEnds() }).countingEnds()
	n, known := s.Total()
	if !known {
		t.Errorf("%s: not counted", file)
	}
	return n
}

func (f *file) countingEnds() { f.counter.ended.Wait() }

func TestLines(t *testing.T) {
	long := strings.Repeat("long ", 50_000)
	words := strings.Repeat("w ", 100_000)
	check(t, Lines, []formatCase{
		{name: "nothing", text: ""},
		{name: "no end", text: "a\nb", want: []string{"a", "b"}},
		{name: "empty lines", text: "\n\na\n\r\n\nb\n\n", want: []string{"a", "b"}},
		{name: "carriage returns", text: "a\r\nb\r\r\nc\rd\r", want: []string{"a", "b\r", "c\rd"}},
		{name: "blanks", text: " a \n\t\n", want: []string{" a ", "\t"}},
		{name: "mark", text: "\xef\xbb\xbfa\nb\n", want: []string{"a", "b"}},
		{name: "no mark", text: "\xef\xbc\xa1\n\xef\n\xef\xbb\n", want: []string{"\xef\xbc\xa1", "\xef", "\xef\xbb"}},
		{name: "no UTF-8", text: "\xff\xffx\n", want: []string{"\xff\xffx"}},
		{name: "UTF-16", text: "\xff\xfea\x00\n\x00", fails: "stdin:1: the text is UTF-16"},
		{name: "UTF-16, the other", text: "\xfe\xff\x00a\x00\n", fails: "stdin:1: the text is UTF-16"},
		{name: "NULs", text: "a\nb\x00c\x00", want: []string{"a"}, fails: "stdin:2: the line has a NUL in it, which no argument can have (--format null"},

		// Complaint 3: names of files that others take for quotes, and what GNU's list calls SPCCHAR.
		{name: "quotes", text: "it's\n\"a\nb\\\n", want: []string{"it's", `"a`, `b\`}},
		{name: "special", text: "-rf\n$(id)\n`id`\n*\n~\n#x\n a  b \n;\n&\n|\n<>\n{}\n{1}\n%s\n!!\n\\n\n\x01\x7f\nä€😀\n",
			want: []string{"-rf", "$(id)", "`id`", "*", "~", "#x", " a  b ", ";", "&", "|", "<>", "{}", "{1}", "%s", "!!", `\n`, "\x01\x7f", "ä€😀"}},
		// INPUTSIZE: no limit to a line. NUMWORDS: words are nothing special.
		{name: "long", text: long + "\n" + long + "x\nshort\n" + long, want: []string{long, long + "x", "short", long}},
		{name: "words", text: words + "\n", want: []string{words}},
	})
	check(t, Raw, []formatCase{
		{name: "all of it", text: "\xef\xbb\xbfa\r\n\n\x00\n \nend", want: []string{"\xef\xbb\xbfa\r", "", "\x00", " ", "end"}},
		{name: "nothing", text: ""},
	})
	check(t, Null, []formatCase{
		{name: "names", text: "a\nb\x00\r\x00\x00c", want: []string{"a\nb", "\r", "", "c"}},
		{name: "mark", text: "\xff\xfe\x00", want: []string{"\xff\xfe"}},
	})
}

func TestCSV(t *testing.T) {
	check(t, CSV, []formatCase{
		{name: "rows", text: "id,name\n1,Ann\n2,\"O'Neil, \"\"B\"\"\"\n", want: []string{`{"id":"1","name":"Ann"}`, `{"id":"2","name":"O'Neil, \"B\""}`}},
		{name: "newline in quotes", text: "id,t\r\n1,\"a\r\n\r\nb\"\r\n\r\n2,\r\n", want: []string{`{"id":"1","t":"a\n\nb"}`, `{"id":"2","t":""}`}},
		{name: "no end", text: "id\n1\n2", want: []string{`{"id":"1"}`, `{"id":"2"}`}},
		{name: "mark", text: "\xef\xbb\xbfid\n1\n", want: []string{`{"id":"1"}`}},
		{name: "mark and quotes", text: "\xef\xbb\xbf\"i,d\"\n1\n", want: []string{`{"i,d":"1"}`}},
		{name: "no rows", text: "id,name\n"},
		{name: "columns without names", text: "id,,\n1,2,3\n", want: []string{`{"id":"1","2":"2","3":"3"}`}},
		{name: "html", text: "a\n<b>&\n", want: []string{`{"a":"<b>&"}`}},
		{name: "empty in quotes", text: "a\n\"\"\n\n\"\"\n", want: []string{`{"a":""}`, `{"a":""}`}},
		{name: "spaces stay", text: "a,b\n 1, 2 \n", want: []string{`{"a":" 1","b":" 2 "}`}},
		{name: "no header", noHeader: true, text: "1,x\n2,y\n", want: []string{`["1","x"]`, `["2","y"]`}},
		{name: "no header, one column", noHeader: true, text: "1\n", want: []string{`["1"]`}},
		{name: "no header, nothing", noHeader: true, text: ""},
		{name: "nothing", text: "", fails: "stdin is empty: its first row should name the columns"},
		{name: "short row", text: "a,b\n1,2\n\n3\n4,5\n", want: []string{`{"a":"1","b":"2"}`}, fails: "stdin:4: 1 column, the header has 2"},
		{name: "long row", text: "a,b\n1,\"2\n\"\n3,4,5\n", want: []string{`{"a":"1","b":"2\n"}`}, fails: "stdin:4: 3 columns, the header has 2"},
		{name: "long row, no header", noHeader: true, text: "1,2\n1,2,3\n", want: []string{`["1","2"]`}, fails: "stdin:2: 3 columns, the first row has 2"},
		{name: "quote inside", text: "a,b\n1,5\" pipe\n", fails: `stdin:2: column 4 of the text: a " inside of a column`},
		{name: "quote not closed", text: "a\n1\n\"2\n3\n", want: []string{`{"a":"1"}`}, fails: `stdin:3: a " is opened here and not closed as it should be (noticed in line 4)`},
		{name: "quote in the header", text: "a\"\n1\n", fails: `stdin:1: column 2 of the text`},
		{name: "UTF-16", text: "\xff\xfea\x00", fails: "stdin:1: the text is UTF-16"},
	})
	check(t, TSV, []formatCase{
		{name: "rows", text: "id\tname\r\n1\tAnn\r\n\r\n2\t\"5\" pipe\n", want: []string{`{"id":"1","name":"Ann"}`, `{"id":"2","name":"\"5\" pipe"}`}},
		{name: "short row", text: "a\tb\n1\n", fails: "stdin:2: 1 column, the header has 2"},
		{name: "empty ones", text: "a\tb\n\t\n", want: []string{`{"a":"","b":""}`}},
	})
}

func TestJSONLines(t *testing.T) {
	check(t, JSONL, []formatCase{
		{name: "values", text: "{\"a\": 1}\n\n \r\n[1, 2]\r\n\"x\\n\"\n 1.50 \nnull\ntrue", want: []string{`{"a":1}`, "[1,2]", "x\n", "1.50", "null", "true"}},
		{name: "big numbers stay", text: "12345678901234567890.10\n", want: []string{"12345678901234567890.10"}},
		{name: "mark", text: "\xef\xbb\xbf1\n", want: []string{"1"}},
		{name: "no JSON", text: "1\n\n{a:1}\n", want: []string{"1"}, fails: "stdin:3: no JSON: invalid character 'a'"},
		{name: "two on a line", text: "{} {}\n", fails: "stdin:1: no JSON: invalid character '{' after top-level value"},
		{name: "over lines", text: "{\n \"a\": 1\n}\n", fails: "stdin:1: a JSON value begins here that goes over more lines than one (--format json"},
		{name: "torn", text: "{\"a\":1}\n{\"a\":", want: []string{`{"a":1}`}, fails: "stdin:2: no JSON: unexpected end"},
	})
}

func TestDocuments(t *testing.T) {
	check(t, Document, []formatCase{
		{name: "array", text: "[1, \"a,]\\\"\", {\"b\": [ 2 ]}, [],\n{} ]\n", want: []string{"1", `a,]"`, `{"b":[2]}`, "[]", "{}"}},
		{name: "object", text: "{\"x\": 1, \"y,}\": {\"b\": 2}}", want: []string{"1", `{"b":2}`}},
		{name: "empty array", text: " [ \n ] "},
		{name: "empty object", text: "{}"},
		{name: "mark", text: "\xef\xbb\xbf[1]", want: []string{"1"}},
		{name: "nothing", text: " \n", fails: "the file ends before its JSON value does"},
		{name: "scalar", text: "1\n", fails: "stdin:1: neither a JSON array nor a JSON object"},
		{name: "lines", text: "{\"a\":1}\n{\"a\":2}\n", want: []string{"1"}, fails: "stdin:2: more follows after the end of the JSON value (--format jsonl"},
		{name: "torn", text: "[1,\n2,\n", want: []string{"1", "2"}, fails: "stdin:3: the file ends before its JSON value does"},
		{name: "bad element", text: "[\n1,\n{\"a\":\n  oops},\n2]", want: []string{"1"}, fails: "stdin:4: no JSON: invalid character 'o'"},
		{name: "no comma", text: "[1\n2]", want: []string{"1"}, fails: "stdin:2: no JSON: expected comma after array element"},
		{name: "name is no string", text: "{\n1: 2}", fails: "stdin:2: no JSON"},
	})
}

func TestFormatsBySuffix(t *testing.T) {
	t.Chdir(t.TempDir())
	for file, c := range map[string]struct{ text, want string }{
		"a.csv":    {"id\n1\n", `{"id":"1"}`},
		"a.CSV":    {"id\n1\n", `{"id":"1"}`},
		"a.tsv":    {"id\tx\n1\t\"\n", `{"id":"1","x":"\""}`},
		"a.jsonl":  {"[ ]\n", "[]"},
		"a.ndjson": {"[ ]\n", "[]"},
		"a.json":   {"[\n2 ]", "2"},
		"a.txt":    {"[ ]\n", "[ ]"},
		"csv":      {"[ ]\n", "[ ]"},
	} {
		write(t, file, c.text)
		if got, err := read(t, Specs([]string{file}), Options{}); err != nil || !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s: %q, %v", file, got, err)
		}
	}
	if got, err := read(t, Specs([]string{"a.csv"}), Options{Format: Lines}); err != nil || !slices.Equal(got, []string{"id", "1"}) {
		t.Errorf("as lines: %q, %v", got, err)
	}
}

func TestKeys(t *testing.T) {
	object := func(text string) Item {
		it, err := JSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return it
	}
	for _, c := range []struct {
		item Item
		want string // "-": none
	}{
		{Text("a b"), "a b"},
		{object(`"x"`), "x"},
		{object(`12.50`), "12.50"},
		{object(`{"a":1}`), "-"},
		{object(`{"id":7,"key":"k"}`), "7"},
		{object(`{"id":null,"key":"k"}`), "k"},
		{object(`{"id":{"a":1}}`), "-"},
		{object(`{"id":""}`), "-"},
		{object(`[1]`), "-"},
		{Row([]string{"a", "key"}, "1", "2"), "2"},
		{Row([]string{"a"}, "1"), "-"},
		{Row(nil, "1"), "-"},
		{combine([]string{"", ""}, []Item{Text("a"), Text("1")}), "a 1"},
		{combine([]string{"", ""}, []Item{Text("a b"), Text("1")}), `"a b" 1`},
		{combine([]string{"", ""}, []Item{Text("a"), Text("b 1")}), `a "b 1"`},
		{combine([]string{"", "", ""}, []Item{Text(""), Text(`"`), Text("x\ny")}), `"" "\"" "x\ny"`},
		{combine([]string{"", ""}, []Item{Text("a"), Row([]string{"id"}, "7")}), "a 7"},
		{combine([]string{"", ""}, []Item{Text("a"), Row([]string{"x"}, "7")}), "-"},
		{combine([]string{"n"}, []Item{Text("a b")}), "a b"},
	} {
		got, ok := c.item.Key()
		if !ok {
			got = "-"
		}
		if got != c.want {
			t.Errorf("the key of %s is %s, want %s", c.item.Whole.Text, got, c.want)
		}
	}
}

func TestEntries(t *testing.T) {
	items, err := readItems(t, Specs([]string{"-"}), Options{Format: Document, Stdin: strings.NewReader(
		`{"ann": {"age": 3, "key": "own"}, "b\u006fb": {"value": {"x": 1}}, "c": 5}`)})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []map[string]string{
		{"key": "ann", "age": "3", "value.key": "own", "value": `{"age":3,"key":"own"}`, "nope": "-"},
		{"key": "bob", "value": `{"x":1}`, "value.x": "1"},
		{"key": "c", "value": "5", "value.x": "-"},
	} {
		if key, ok := items[i].Key(); key != want["key"] || !ok {
			t.Errorf("key %q", key)
		}
		for path, text := range want {
			v, ok := items[i].Field(path)
			if !ok {
				v.Text = "-"
			}
			if v.Text != text {
				t.Errorf("item %d: {%s} is %s, want %s", i+1, path, v.Text, text)
			}
		}
	}
}

func TestPaths(t *testing.T) {
	it, err := JSON([]byte(`{"a": {"b": [10, {"c": "x"}, "]"]}, "a.b": 1, "d.e": {"f": 2}, "q\"uo,te": true, "n": null,
		"u": "\u00e4", "dup": 1, "dup": 2, "": 0, "e": [], "o": {}, "s": "a:b,c}"}`))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"a.b": "1", "a.b.0": "10", "a.b.1.c": "x", "a.b.2": "]", "a.b.3": "-", "a.b.x": "-", "a.b.-1": "-", "a": `{"b":[10,{"c":"x"},"]"]}`,
		"d.e": `{"f":2}`, "d.e.f": "2", `q"uo,te`: "true", "n": "null", "n.x": "-", "u": "ä", "dup": "2", "e.0": "-", "o.x": "-", "s": "a:b,c}",
		"": "-", ".": "-", "a.": "-", ".a": "-", "a..b": "-", "x": "-",
	} {
		v, ok := it.Field(path)
		if !ok {
			v.Text = "-"
		}
		if v.Text != want {
			t.Errorf("{%s} is %s, want %s", path, v.Text, want)
		}
	}
	if v, _ := it.Field("u"); string(v.JSON) != `"\u00e4"` {
		t.Errorf("the JSON of u is %s", v.JSON)
	}
}

func TestSchemas(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a.csv", "name,n\n")
	write(t, "keyed.csv", "name,key\n")
	write(t, "a.json", "[]")
	for source, want := range map[string]Schema{
		"1..3":      {},
		"a.json":    {Open: true},
		"a.csv":     {Columns: 2, Fields: []string{"name", "n"}, Keyless: true},
		"keyed.csv": {Columns: 2, Fields: []string{"name", "key"}},
		"n=1..3":    {Fields: []string{"n"}},
		"j=a.json":  {Fields: []string{"j"}, Open: true},
	} {
		s, err := Open(Specs([]string{source}), Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := s.Schema()
		if got.Columns != want.Columns || !slices.Equal(got.Fields, want.Fields) || got.Open != want.Open || got.Keyless != want.Keyless {
			t.Errorf("%s: %+v", source, got)
		}
		s.Close()
	}
}
