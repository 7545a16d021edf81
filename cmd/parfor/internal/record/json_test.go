package record

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

func text(s string) *string { return &s }

var records = []Record{
	{},
	{Key: "1", Seq: 1, Status: OK, Output: text("")},
	{Key: "a\"b\\c\n\r\t\x00\x1f\u2028\u2029é😀</>&", Seq: 2, Status: Failed, Task: "ab", Code: 22, Output: text("x\ny"),
		Stderr: "curl: (22)", Error: "exit 22", Attempts: 3, Started: time.Date(2026, 11, 28, 1, 2, 3, 4567, time.UTC), MS: 212.125, Worker: 7, Truncated: true},
	{Key: "b", Status: OK, Code: 200, Body: json.RawMessage(`{"a":[1,2.5,null],"b":"<é>"}`)},
	{Key: "c", Status: Timeout, Base64: []byte{0, 255, 1}},
	{Key: "d", Status: Canceled, File: "out/d.png", MS: 1e-7, Seq: math.MaxInt64},
}

func TestAppendJSONReadsBack(t *testing.T) {
	for _, r := range records {
		b, err := r.AppendJSON([]byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(string(b), "\n\r\u2028") {
			t.Errorf("%s: more than a line", b)
		}
		var back Record
		if err := json.Unmarshal(b[1:], &back); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if !reflect.DeepEqual(back, r) {
			t.Errorf("%s:\n%+v\n%+v", b, back, r)
		}
	}
}

// The names are those of the struct's tags, and all of them are written.
func TestAppendJSONWritesEveryField(t *testing.T) {
	r := Record{Key: "k", Seq: 1, Status: OK, Task: "t", Code: 1, Body: json.RawMessage(`1`), Output: text("o"), Base64: []byte{1}, File: "f",
		Stderr: "s", Error: "e", Attempts: 1, Started: time.Unix(1, 5).UTC(), MS: 1.5, Worker: 1, Truncated: true}
	v := reflect.ValueOf(r)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Fatalf("%s is missing in this test", v.Type().Field(i).Name)
		}
	}
	mine, err := r.AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if string(mine) != string(theirs) {
		t.Errorf("\n%s\n%s", mine, theirs)
	}
}

func TestAppendJSONRefuses(t *testing.T) {
	for _, r := range []Record{{Body: json.RawMessage(`{`)}, {Body: json.RawMessage(`1 2`)}, {MS: math.NaN()}, {MS: math.Inf(1)}} {
		if b, err := r.AppendJSON(nil); err == nil {
			t.Errorf("%s", b)
		}
	}
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "a", "\xff", "é\u2028\x00\"\\", "\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := AppendString(nil, s)
		var mine, theirs string
		if err := json.Unmarshal(b, &mine); err != nil {
			t.Fatalf("%q: %s: %v", s, b, err)
		}
		m, _ := json.Marshal(s)
		if err := json.Unmarshal(m, &theirs); err != nil || mine != theirs {
			t.Fatalf("%q: %q, encoding/json has %q", s, mine, theirs)
		}
	})
}

func FuzzBody(f *testing.F) {
	f.Add([]byte(" {\n\"a\" : [1,\t2]}\n"))
	f.Add([]byte("\"\xff\""))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := Record{Body: body}
		b, err := r.AppendJSON(nil)
		if err != nil {
			return
		}
		var back Record
		if err := json.Unmarshal(b, &back); err != nil || strings.Contains(string(b), "\n") {
			t.Fatalf("%q: %s: %v", body, b, err)
		}
	})
}
