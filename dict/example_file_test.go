package dict_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"parfor.dev/parfor/dict"
)

func ExampleDict_Save() {
	ctx := context.Background()
	dir, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(dir)
	statuses, _ := dict.Make[int, int](ctx)
	statuses.Update(ctx, map[int]int{1: 200, 2: 404, 10: 200})

	path := filepath.Join(dir, "statuses.json")
	err := statuses.Save(ctx, path)
	text, _ := os.ReadFile(path)
	fmt.Print(string(text), err)
	// Output:
	// {
	//   "1": 200,
	//   "2": 404,
	//   "10": 200
	// }
	// <nil>
}

func ExampleDict_Load() {
	ctx := context.Background()
	dir, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "prices.csv")
	os.WriteFile(path, []byte("key,value\napple,1.5\npear,2\n"), 0o600)

	prices, _ := dict.Make[string, float64](ctx)
	err := prices.Load(ctx, path)
	m, _ := prices.Snapshot(ctx)
	fmt.Println(m, err)
	// Output: map[apple:1.5 pear:2] <nil>
}

// The fields of a struct become columns.
func ExampleDict_Encode() {
	ctx := context.Background()
	type page struct {
		Status int `json:"status"`
		Links  []string
	}
	pages, _ := dict.Make[string, page](ctx)
	pages.Set(ctx, "/", page{200, []string{"/a", "/b"}})
	pages.Encode(ctx, os.Stdout, dict.CSV)
	pages.Encode(ctx, os.Stdout, dict.JSONL)
	// Output:
	// key,status,Links
	// /,200,"[""/a"",""/b""]"
	// {"key":"/","value":{"status":200,"Links":["/a","/b"]}}
}

// A bad row is named with its place, and nothing is stored.
func ExampleDict_Decode() {
	ctx := context.Background()
	ages, _ := dict.Make[string, int](ctx)
	err := ages.Decode(ctx, strings.NewReader("key,value\nann,41\nbob,old\n"), dict.CSV)
	var at *dict.FileError
	if errors.As(err, &at) {
		n, _ := ages.Len(ctx)
		fmt.Println(at, n)
	}
	// Output: line 3, column 5: column value: "old" is no int 0
}

func ExampleAs() {
	ctx := context.Background()
	d, _ := dict.Make[string, int](ctx)
	fmt.Println(d.Save(ctx, "/dev/null/x", dict.As("xml")) != nil)
	// Output: true
}

func ExampleUnsorted() {
	ctx := context.Background()
	d, _ := dict.Make[string, int](ctx)
	d.Set(ctx, "a", 1)
	d.Encode(ctx, os.Stdout, dict.CSV, dict.Unsorted())
	// Output:
	// key,value
	// a,1
}

func ExampleDoubles() {
	ctx := context.Background()
	d, _ := dict.Make[string, int](ctx)
	const file = "key,value\na,1\na,2\n"
	d.Decode(ctx, strings.NewReader(file), dict.CSV, dict.Doubles(dict.KeepOld))
	fmt.Println(d.Get(ctx, "a"))
	// Output: 1 true <nil>
}

func ExampleExisting() {
	ctx := context.Background()
	d, _ := dict.Make[string, int](ctx)
	d.Set(ctx, "a", 1)
	d.Decode(ctx, strings.NewReader(`{"a": 2, "b": 3}`), dict.JSON, dict.Existing(dict.KeepOld))
	m, _ := d.Snapshot(ctx)
	fmt.Println(m)
	// Output: map[a:1 b:3]
}

func ExampleMaxLine() {
	ctx := context.Background()
	d, _ := dict.Make[string, string](ctx)
	err := d.Decode(ctx, strings.NewReader(`{"a": "a quote is left open}`), dict.JSON, dict.MaxLine(20))
	fmt.Println(strings.Contains(err.Error(), "more than 20 bytes"))
	// Output: true
}

func ExampleIgnoreUnknown() {
	ctx := context.Background()
	d, _ := dict.Make[string, int](ctx)
	d.Decode(ctx, strings.NewReader("key,note,value\na,first,1\n"), dict.CSV, dict.IgnoreUnknown())
	fmt.Println(d.Get(ctx, "a"))
	// Output: 1 true <nil>
}

func ExampleColumns() {
	ctx := context.Background()
	d, _ := dict.Make[int, int](ctx)
	d.Set(ctx, 17, 200)
	d.Encode(ctx, os.Stdout, dict.CSV, dict.Columns("request", "status"))
	// Output:
	// request,status
	// 17,200
}

func ExampleNoHeader() {
	ctx := context.Background()
	d, _ := dict.Make[int, int](ctx)
	d.Set(ctx, 17, 200)
	d.Encode(ctx, os.Stdout, dict.CSV, dict.NoHeader())
	// Output: 17,200
}
