package dict_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/writeset"
)

type place struct {
	Host string `json:"host"`
	Port uint16
	_    int32
}

type page struct {
	Status int               `json:"status"`
	Took   time.Duration     `json:"took,omitempty"`
	Body   []byte            `json:"body"`
	Links  []string          `json:"links"`
	Head   map[string]string `json:"head"`
	Next   *int              `json:"key"` // like the key's column
}

func text[K comparable, V any](t *testing.T, d *dict.Dict[K, V], f dict.Format, opts ...dict.FileOption) string {
	t.Helper()
	var b strings.Builder
	if err := d.Encode(bg, &b, f, opts...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFileForms(t *testing.T) {
	n, s := fresh[int, string](t), fresh[place, page](t)
	n.Update(bg, map[int]string{10: "<ten>", 9: "a,\"b\""})
	s.Set(bg, place{Host: "a", Port: 80}, page{Status: 200})
	for _, c := range []struct{ got, want string }{
		{text(t, n, dict.JSON), "{\n  \"9\": \"a,\\\"b\\\"\",\n  \"10\": \"<ten>\"\n}\n"},
		{text(t, n, dict.JSONL), "{\"key\":9,\"value\":\"a,\\\"b\\\"\"}\n{\"key\":10,\"value\":\"<ten>\"}\n"},
		{text(t, n, dict.CSV), "key,value\n9,\"a,\"\"b\"\"\"\n10,<ten>\n"},
		{text(t, n, dict.CSV, dict.NoHeader()), "9,\"a,\"\"b\"\"\"\n10,<ten>\n"},
		{text(t, n, dict.CSV, dict.Columns("n", "text")), "n,text\n9,\"a,\"\"b\"\"\"\n10,<ten>\n"},
		{text(t, fresh[int, int](t), dict.JSON), "{}\n"},
		{text(t, fresh[int, int](t), dict.CSV), "key,value\n"},
		{text(t, s, dict.JSON), "[\n  {\"key\":{\"host\":\"a\",\"Port\":80},\"value\":{\"status\":200,\"body\":null,\"links\":null,\"head\":null,\"key\":null}}\n]\n"},
		{text(t, s, dict.CSV), "key.host,key.Port,status,took,body,links,head,key\na,80,200,0,,null,null,null\n"},
	} {
		if c.got != c.want {
			t.Errorf("got\n%swant\n%s", c.got, c.want)
		}
	}
}

// TestBadFiles says of each what is wrong and where, and stores nothing.
func TestBadFiles(t *testing.T) {
	for _, c := range []struct {
		f    dict.Format
		text string
		says string
		opts []dict.FileOption
	}{
		{dict.JSON, ``, "line 1, column 1: the file ends", nil},
		{dict.JSON, `{"1": 1`, "line 1, column 8: the file ends", nil},
		{dict.JSON, "{\"a\": 1,\n \"a\": 2}", `line 2, column 2: the key "a" is in line 1 already`, nil},
		{dict.JSON, "{\"a\": 1,\n\"b\": \"x\"}", "line 2, column 8: json: cannot unmarshal string", nil},
		{dict.JSON, `{"a": 1.5}`, "line 1, column 9: json: cannot unmarshal number 1.5", nil},
		{dict.JSON, `{"a": null}`, "line 1, column 7: null is no int", nil},
		{dict.JSON, `{"a": 1} x`, "column 10: 'x' after the end", nil},
		{dict.JSON, `{"a" 1}`, "column 6: '1' where ':'", nil},
		{dict.JSON, `{a: 1}`, "column 2: a name in quotes", nil},
		{dict.JSON, `{"a": 1,}`, "column 9: '}' where a value", nil},
		{dict.JSON, `{"a": tru}`, "column 9: invalid character", nil},
		{dict.JSON, `[{"key":"a"}]`, `column 2: an entry without "value"`, nil},
		{dict.JSON, `[{}]`, `column 2: an entry without "key"`, nil},
		{dict.JSON, "{\"\xff\": 1}", "column 2: a string that is not UTF-8", nil},
		{dict.JSONL, "{\"key\":\"a\",\"value\":1}\n{\"key\":\"b\",\n\"value\":1}\n", "line 2, column 12: the line ends", nil},
		{dict.JSONL, `{"key":"a","value":1}{"key":"b","value":1}`, "column 22: '{' after the entry", nil},
		{dict.JSONL, `{"key":"a","key":"a","value":1}`, `column 12: "key" comes twice`, nil},
		{dict.JSONL, `{"key":"a","value":1,"more":2}`, `column 22: "more" where`, nil},
		{dict.JSONL, `5`, "column 1: '5' where '{'", nil},
		{dict.JSONL, `{"key":"a","value":` + strings.Repeat(" ", 100) + `1}`, "an entry takes more than 64 bytes", []dict.FileOption{dict.MaxLine(64)}},
		{dict.CSV, "", "line 1, column 1: the file is empty", nil},
		{dict.CSV, "key,value\na,1\na,2\n", `line 3, column 1: the key "a" is in line 2 already`, nil},
		{dict.CSV, "key,value\na,x\n", `line 2, column 3: column value: "x" is no int`, nil},
		{dict.CSV, "key,value\na,99999999999999999999\n", `doesn't fit int`, nil},
		{dict.CSV, "key,value\na\n", "line 2, column 1: a row of 1 cells, where 2", nil},
		{dict.CSV, "key,val\na,1\n", `line 1, column 5: the column "val" is unknown`, nil},
		{dict.CSV, "key,key\na,1\n", `line 1, column 5: the column "key" comes twice`, nil},
		{dict.CSV, "key\na\n", `line 1, column 1: the column "value" is missing`, nil},
		{dict.CSV, "key,value\n\"a,1\n", "line 3, column 1: the file ends", nil},
		{dict.CSV, "key,value\na\"b,1\n", "line 2, column 2: a quote in a cell", nil},
		{dict.CSV, "key,value\n\"a\"b,1\n", "line 2, column 4: 'b' after the quote", nil},
		{dict.CSV, "key,value\n\"" + strings.Repeat("x\n", 100), "line 33, column 2: an entry takes more", []dict.FileOption{dict.MaxLine(64)}},
	} {
		d := fresh[string, int](t)
		before := writeset.Last()
		err := d.Decode(bg, strings.NewReader(c.text), c.f, c.opts...)
		var at *dict.FileError
		if err == nil || !strings.Contains(err.Error(), c.says) || !errors.As(err, &at) || at.Line == 0 {
			t.Errorf("%s %q: %v; want %s", c.f, c.text, err, c.says)
		}
		if writeset.Last() != before {
			t.Errorf("%s %q: something was stored", c.f, c.text)
		}
	}
	if err := fresh[float64, int](t).Decode(bg, strings.NewReader("key,value\nNaN,1"), dict.CSV); !errors.Is(err, dict.ErrKey) {
		t.Errorf("a NaN key: %v", err)
	}
}

func TestLoadRules(t *testing.T) {
	const file = "value,key,note\r\n1,a,x\r\n\r\n2,b,y\r\n3,b,z"
	load := func(opts ...dict.FileOption) (map[string]int, error) {
		d := fresh[string, int](t)
		d.Set(bg, "a", 100)
		before := writeset.Last()
		err := d.Decode(bg, strings.NewReader("\xef\xbb\xbf"+file), dict.CSV, append(opts, dict.IgnoreUnknown())...)
		if n := writeset.Last() - before; err == nil && n != 1 {
			t.Errorf("%d commits", n)
		}
		m, _ := d.Snapshot(bg)
		return m, err
	}
	for _, c := range []struct {
		opts []dict.FileOption
		want map[string]int
	}{
		{[]dict.FileOption{dict.Doubles(dict.Replace)}, map[string]int{"a": 1, "b": 3}},
		{[]dict.FileOption{dict.Doubles(dict.KeepOld), dict.Existing(dict.KeepOld)}, map[string]int{"a": 100, "b": 2}},
	} {
		if got, err := load(c.opts...); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v, %v; want %v", got, err, c.want)
		}
	}
	if got, err := load(dict.Doubles(dict.Replace), dict.Existing(dict.NoDoubles)); !errors.Is(err, dict.ErrExists) || len(got) != 1 {
		t.Errorf("NoDoubles: %v, %v", got, err)
	}
	if _, err := load(); err == nil || !strings.Contains(err.Error(), "line 5, column 1") || !strings.Contains(err.Error(), "line 4") {
		t.Errorf("a double: %v", err)
	}
	if err := fresh[int, int](t).Load(bg, "x.txt"); err == nil || !strings.Contains(err.Error(), "As") {
		t.Errorf("a name that tells nothing: %v", err)
	}
	if _, err := load(dict.Doubles(7), dict.MaxLine(0), dict.As("xml"), nil); err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("four bad options: %v", err)
	}
}

func TestFilesInTasks(t *testing.T) {
	defer writeset.Fresh()()
	workerCounts.Set(bg, "a", 1)
	var b bytes.Buffer
	c := attempt(nil)
	asWorker(t, func() {
		workerCounts.Add(c, "a", 1)
		if err := workerCounts.Decode(c, strings.NewReader(`{"b": 7}`), dict.JSON); err != nil {
			t.Error(err)
		}
		if err := workerCounts.Encode(c, &b, dict.JSON); err != nil || b.String() != "{\n  \"a\": 2,\n  \"b\": 7\n}\n" {
			t.Errorf("%q, %v", b.String(), err)
		}
		if err := workerCounts.Save(bg, t.TempDir()+"/x.json"); !errors.Is(err, dict.ErrNoTask) {
			t.Errorf("without a task: %v", err)
		}
	})
	wants(t, bg, workerCounts, map[string]int{"a": 1}, "b")
	if _, err := deliver(t, c); err != nil {
		t.Fatal(err)
	}
	wants(t, bg, workerCounts, map[string]int{"a": 2, "b": 7})

	workerReadOnly.Set(bg, 1, make([]byte, 61<<20))
	c = attempt(nil)
	asWorker(t, func() {
		if err := workerReadOnly.Encode(c, io.Discard, dict.CSV); err == nil || !strings.Contains(err.Error(), "60 MiB") {
			t.Errorf("beyond the limit: %v", err)
		}
	})
	c.Seal()
}

// endless is text without end that counts what is read of it.
type endless struct {
	begin string
	again string
	read  int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		if n := e.read + i; n < len(e.begin) {
			p[i] = e.begin[n]
		} else {
			p[i] = e.again[(n-len(e.begin))%len(e.again)]
		}
	}
	e.read += len(p)
	return len(p), nil
}

func TestLoadBoundsAnEntry(t *testing.T) {
	d := fresh[int, []int](t)
	for _, c := range []struct {
		f            dict.Format
		begin, again string
	}{
		{dict.JSON, `{"1": `, "["},
		{dict.JSON, `{"1": [`, `7,`},
		{dict.JSON, `{"1": [`, " \n"},
		{dict.JSON, `{"1": "`, `\"`},
		{dict.JSON, `{"1": 1`, "2"},
		{dict.JSON, `{`, " "},
		{dict.JSONL, `{"key":1,"value":["`, "x"},
		{dict.JSONL, `{"x":1,`, `"x":1,`},
		{dict.CSV, "key,value\n", "x"},
		{dict.CSV, "key,value\n\"", "\n"},
		{dict.CSV, "", "key,"},
	} {
		e := &endless{begin: c.begin, again: c.again}
		err := d.Decode(bg, e, c.f, dict.MaxLine(100_000), dict.IgnoreUnknown())
		if err == nil || !strings.Contains(err.Error(), "MaxLine") || e.read > 300_000 {
			t.Errorf("%s %s: read %d, %v", c.f, c.begin, e.read, err)
		}
	}
}

// FuzzDecodeFiles reads arbitrary text. What is taken must be saved and loaded
// back as it is.
func FuzzDecodeFiles(f *testing.F) {
	for i, s := range []string{
		"{\"a\": 1}", "[{\"key\":\"a\",\"value\":1}]", "{\"key\":1,\"value\":\"b\"}\n", "key,value\n1,2\n\"a\"\"b\",-1\r\n",
		"key.host,key.Port,status,took,body,links,head,key\na,80,200,0,,null,null,null\n",
		`[{"key":{"host":"a","Port":80},"value":{"status":200,"body":"aGk=","links":["\ud800"]}}]`,
	} {
		f.Add(byte(i), s)
	}
	f.Fuzz(func(t *testing.T, which byte, s string) {
		format := []dict.Format{dict.JSON, dict.JSONL, dict.CSV}[which%3]
		switch which / 3 % 4 {
		case 0:
			fuzzFile[string, int](t, format, s)
		case 1:
			fuzzFile[float64, int](t, format, s)
		case 2:
			fuzzFile[place, page](t, format, s)
		case 3:
			fuzzFile[int, []int](t, format, s)
		}
	})
}

func fuzzFile[K comparable, V any](t *testing.T, f dict.Format, s string) {
	d, again := fresh[K, V](t), fresh[K, V](t)
	if err := d.Decode(bg, strings.NewReader(s), f, dict.MaxLine(1<<20)); err != nil {
		if n, _ := d.Len(bg); n > 0 {
			t.Fatalf("%d entries after %v", n, err)
		}
		return
	}
	var b bytes.Buffer
	if err := d.Encode(bg, &b, f); err != nil {
		t.Fatalf("it loads %q and doesn't save it: %v", s, err)
	}
	if err := again.Decode(bg, bytes.NewReader(b.Bytes()), f); err != nil {
		t.Fatalf("it loads %q and doesn't load %q: %v", s, b.Bytes(), err)
	}
	if same, err := d.Equal(bg, again); !same || err != nil {
		t.Fatalf("%q became %q: %v", s, b.Bytes(), err)
	}
}
