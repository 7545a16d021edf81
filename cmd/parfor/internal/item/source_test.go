package item

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// write makes a file of that name in a new folder, which becomes the current one.
func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// read opens and reads all of it: the texts of the items, and what went wrong.
func read(t *testing.T, specs []Spec, opt Options) ([]string, error) {
	t.Helper()
	items, err := readItems(t, specs, opt)
	var texts []string
	for i, it := range items {
		if it.Seq != i+1 {
			t.Errorf("item %d says it is number %d", i+1, it.Seq)
		}
		texts = append(texts, it.Whole.Text)
	}
	return texts, err
}

func readItems(t *testing.T, specs []Spec, opt Options) ([]Item, error) {
	t.Helper()
	s, err := Open(specs, opt)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var items []Item
	for it, err := range s.All() {
		if err != nil {
			return items, err
		}
		items = append(items, it)
	}
	if n, known := s.Total(); !known || n != len(items) {
		t.Errorf("after reading %d items the total is %d, %v", len(items), n, known)
	}
	return items, nil
}

func lists(words string) []Spec {
	specs, err := Lists(strings.Fields(words))
	if err != nil {
		panic(err)
	}
	return specs
}

func TestRanges(t *testing.T) {
	for _, c := range []struct{ source, want, fails string }{
		{source: "1..5", want: "1 2 3 4 5"},
		{source: "5..1", want: "5 4 3 2 1"},
		{source: "3..3", want: "3"},
		{source: "-2..2", want: "-2 -1 0 1 2"},
		{source: "1..10..4", want: "1 5 9"},
		{source: "10..1..4", want: "10 6 2"},
		{source: "10..1..-4", want: "10 6 2"},
		{source: "0..0.3..0.1", want: "0.0 0.1 0.2 0.3"},
		{source: "0.1..0.5..0.2", want: "0.1 0.3 0.5"},
		{source: "1.5..-0.5..0.5", want: "1.5 1.0 0.5 0.0 -0.5"},
		{source: "-0.05..0.05..0.05", want: "-0.05 0.00 0.05"},
		{source: "0.5..2", want: "0.5 1.5"},
		{source: "08..11", want: "08 09 10 11"},
		{source: "1..010..4", want: "001 005 009"},
		{source: "-01..1", want: "-01 000 001"},
		{source: "00.5..1.5..0.5", want: "00.5 01.0 01.5"},
		{source: "9223372036854775806..9223372036854775807", want: "9223372036854775806 9223372036854775807"},
		{source: "-9223372036854775808..-9223372036854775807", want: "-9223372036854775808 -9223372036854775807"},
		{source: "1..5..0", fails: "1..5..0: a step of 0 gets nowhere"},
		{source: "1..5..-1", fails: "a step below 0 never gets"},
		{source: "1..9223372036854775808", fails: "9223372036854775808 is too large a number"},
		{source: "-9223372036854775808..9223372036854775807", fails: "more numbers than can be counted"},
		{source: "0..1..0.0000000000000000001", fails: "more than 18 decimal places"},
		{source: "1..", fails: "1..: no such file"},
		{source: "a..z", fails: "a range like 1..500"},
		{source: "1...5", fails: "no such file"},
	} {
		got, err := read(t, Specs([]string{c.source}), Options{})
		if !failsWith(err, c.fails) || strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, %v", c.source, got, err)
		}
	}
}

// failsWith is true if the error says so; "": there is none.
func failsWith(err error, text string) bool {
	if err == nil || text == "" {
		return err == nil && text == ""
	}
	return strings.Contains(strings.ToLower(err.Error()), strings.ToLower(text))
}

func TestTenthsDoNotDrift(t *testing.T) {
	s, err := Open(Specs([]string{"0..1000..0.1"}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	i := 0
	for it, err := range s.All() {
		if want := fmt.Sprintf("%d.%d", i/10, i%10); err != nil || it.Whole.Text != want || string(it.Whole.JSON) != want {
			t.Fatalf("number %d is %q, %s, %v", i, it.Whole.Text, it.Whole.JSON, err)
		}
		i++
	}
	if i != 10001 {
		t.Errorf("%d numbers", i)
	}
}

func TestPaddedNumbersAreText(t *testing.T) {
	items, err := readItems(t, Specs([]string{"08..09"}), Options{})
	if err != nil || items[0].Whole.JSON != nil {
		t.Errorf("%+v, %v", items, err)
	}
}

func TestProductsAndLinks(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "ab", "a\nb\n")
	write(t, "empty", "")
	for _, c := range []struct {
		sources, lists, want, fails string
		zip                         bool
	}{
		{lists: "::: a b", want: "a|b"},
		{lists: ":::", want: ""},
		{lists: "::: a b ::: 1 2", want: "a 1|a 2|b 1|b 2"},
		{lists: "::: a b ::: 1 2 ::: x y", want: "a 1 x|a 1 y|a 2 x|a 2 y|b 1 x|b 1 y|b 2 x|b 2 y"},
		{lists: "::: a b :::+ 1 2", want: "a 1|b 2"},
		{lists: "::: a b ::: 1 2 :::+ x y", want: "a 1 x|a 2 y|b 1 x|b 2 y"},
		{lists: "::: a b :::+ 1 2 ::: x y", want: "a 1 x|a 1 y|b 2 x|b 2 y"},
		{lists: "::: a b ::: ", want: ""},
		{sources: "ab 1..2", want: "a 1|a 2|b 1|b 2"},
		{sources: "ab 1..2", zip: true, want: "a 1|b 2"},
		{sources: "ab", lists: "::: x y", want: "a x|a y|b x|b y"},
		{sources: "ab", lists: ":::+ x y", want: "a x|b y"},
		{sources: "ab ab", want: "a a|a b|b a|b b"},
		{sources: "ab empty", want: ""},
		{sources: "empty ab", want: ""},
		{lists: ":::: ab ab", want: "a a|a b|b a|b b"},
		{lists: "::: 1 2 ::::+ ab", want: "1 a|2 b"},
		{lists: "::: a b c :::+ 1 2", fails: `linked sources need the same length: the list "1"… has 2 items, the list "a"… has 3`},
		{lists: "::: a :::+ 1 2", fails: `the list "a" has 1 item, the list "1"… has 2`},
		{lists: "::: :::+ 1 2", fails: `the empty list has 0 items`},
		{sources: "1..3 1..4", zip: true, fails: "1..3 has 3 items, 1..4 has 4"},
		{sources: "ab 1..3", zip: true, want: "a 1|b 2", fails: "ab has 2 items, 1..3 has more"},
		{sources: "1..3 ab", zip: true, want: "1 a|2 b", fails: "ab has 2 items, 1..3 has more"},
		{sources: "ab", lists: "::: 1 2 ::::+ ab :::+ x y", want: "a 1 a x|a 2 b y|b 1 a x|b 2 b y"},
		{lists: ":::+ a", fails: "no source before it"},
		{sources: "- -", fails: "standard input (-) can be one source, not two"},
		{sources: "", fails: "no source of items"},
		{sources: "n=1..2 n=ab", fails: "two sources are called n"},
	} {
		specs := append(Specs(strings.Fields(c.sources)), lists(c.lists)...)
		got, err := read(t, specs, Options{Zip: c.zip})
		if !failsWith(err, c.fails) || strings.Join(got, "|") != c.want {
			t.Errorf("%s %s: %q, %v", c.sources, c.lists, got, err)
		}
	}
}

func TestListsAreTakenAsTheyAre(t *testing.T) {
	specs, err := Lists([]string{":::", "", "a b", "{}", "-rf", "x\ny", "1..3"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(t, specs, Options{})
	if want := []string{"", "a b", "{}", "-rf", "x\ny", "1..3"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := Lists([]string{"a", ":::"}); !failsWith(err, "a: there is no ::: before it") {
		t.Error(err)
	}
}

func TestFieldsOfSeveral(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "users.csv", "id,name\n7,Ann\n")
	write(t, "tags.csv", "id,tag\n8,x\n")
	write(t, "v.jsonl", `{"a":{"b":[1,{"c":"deep"}]},"tag":"j"}`+"\n")
	items, err := readItems(t, Specs([]string{"u=users.csv", "tags.csv", "v=v.jsonl", "n=1..1"}), Options{})
	if err != nil || len(items) != 1 {
		t.Fatal(items, err)
	}
	for path, want := range map[string]string{
		"u": `{"id":"7","name":"Ann"}`, "u.id": "7", "u.name": "Ann", "name": "Ann", "1.id": "7", "2.id": "8", "2.tag": "x",
		"v.tag": "j", "a.b.1.c": "deep", "v.a.b.0": "1", "n": "1", "4": "-", "id": "-", "tag": "-", "u.nmae": "-", "": "-", "5.id": "-",
	} {
		got := "-"
		if v, ok := items[0].Field(path); ok {
			got = v.Text
		}
		if got != want {
			t.Errorf("{%s} is %s, want %s", path, got, want)
		}
	}
	s, err := Open(Specs([]string{"u=users.csv", "tags.csv"}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got := s.Schema()
	want := []string{"u", "name", "tag", "u.id", "1.id", "u.name", "1.name", "2.id", "2.tag"}
	if got.Columns != 2 || !slices.Equal(got.Fields, want) || got.Open || got.Keyless {
		t.Errorf("%+v", got)
	}
}

func TestOneNamedSource(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "users.csv", "id,name\n7,Ann\n")
	s, err := Open(Specs([]string{"u=users.csv"}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := s.Schema(); got.Columns != 2 || !slices.Equal(got.Fields, []string{"u", "id", "name", "u.id", "u.name"}) {
		t.Errorf("%+v", got)
	}
	for it := range s.All() {
		v, ok := it.Field("u.name")
		if key, keyed := it.Key(); !ok || v.Text != "Ann" || it.Columns[1].Text != "Ann" || key != "7" || !keyed {
			t.Errorf("%+v %v, key %q %v", it, v, key, keyed)
		}
	}
}

func TestSpecsThatCannotBeOpened(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("dir", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, "a=b", "x\n")
	write(t, "none.csv", "")
	write(t, "twice.csv", "id,n,id\n")
	write(t, "1..5", "line\n")
	write(t, "secret", "x\n")
	if err := os.Chmod("secret", 0); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		"":          "the name of a source is empty",
		"u=":        "u=: there is no source after the =",
		"dir":       "dir is a directory: a source is a file, or ::: and what is in it",
		"missing":   "missing: no such file or directory (a source is a file, - for standard input, or a range like 1..500)",
		"a=b":       "b: no such file or directory (a source is a file, - for standard input, or a range like 1..500); the file of the name a=b is ./a=b",
		"none.csv":  "none.csv is empty: its first row should name the columns",
		"twice.csv": `twice.csv:1: columns 1 and 3 are both called "id"`,
	}
	if os.Getuid() > 0 {
		cases["secret"] = "secret: permission denied"
	}
	for source, want := range cases {
		if _, err := read(t, Specs([]string{source}), Options{}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", source, err)
		}
	}
	for source, want := range map[string]string{"./1..5": "line", "./a=b": "x"} {
		if got, err := read(t, Specs([]string{source}), Options{}); err != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, %v", source, got, err)
		}
	}
	if _, err := Open(lists("::: a"), Options{Format: "yaml"}); !failsWith(err, `no format is called "yaml": there are lines, null, csv`) {
		t.Error(err)
	}
}

func TestItemsAreReadOnce(t *testing.T) {
	s, err := Open(lists("::: a b"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range s.All() {
		break
	}
	for _, err := range s.All() {
		if !failsWith(err, "the items were read already") {
			t.Errorf("the second time: %v", err)
		}
	}
}

func TestStdinIsKeptWhereItIsNotFirst(t *testing.T) {
	got, err := read(t, append(lists("::: a b"), Specs([]string{"-"})...), Options{Stdin: strings.NewReader("1\n2\n")})
	if want := []string{"a 1", "a 2", "b 1", "b 2"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestFirstSourceStreams(t *testing.T) {
	// The second line of the first source is only there once the first line's
	// items were seen.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s, err := Open(append(Specs([]string{"-"}), lists("::: 1 2")...), Options{Stdin: r})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w.WriteString("a\n")
	var got []string
	for it, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, it.Whole.Text); len(got) == 2 {
			w.WriteString("b\n")
			w.Close()
		}
	}
	if want := []string{"a 1", "a 2", "b 1", "b 2"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestUnreadFilesAreClosed(t *testing.T) { // main_test looks for open files
	t.Chdir(t.TempDir())
	write(t, "a", strings.Repeat("x\n", 1000))
	s, err := Open(Specs([]string{"a", "./a"}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := Open(Specs([]string{filepath.Join(".", "a"), "missing"}), Options{}); err == nil {
		t.Error("missing was opened")
	}
}
