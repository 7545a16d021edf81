package compare_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parfor.dev/parfor/compare"
	"parfor.dev/parfor/compare/report"
	"parfor.dev/parfor/process"
)

// Ten items that wait a millisecond each, once in every way.
func ExampleRun() {
	process.Main()
	var table bytes.Buffer
	r, err := compare.Run(context.Background(), compare.Config{
		Body: compare.Body{Kind: compare.Sleep, Sleep: time.Millisecond}, Sizes: []int{10},
		InFlight: 4, Runs: 1, Budget: time.Millisecond, Out: &table,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range r.Grid.Series {
		fmt.Println(s.Name, "ran", len(r.Grid.Cell(10, s.Key).Runs), "time")
	}
	fmt.Println(r.Checks.Problems, strings.Contains(table.String(), "10 items, the tutorial's five ways"))
	// Output:
	// sequential ran 1 time
	// goroutines x4 ran 1 time
	// processes x4 ran 1 time
	// [] true
}

// An API of one's own, in place of the one that compare starts.
func ExampleRun_url() {
	process.Main()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	r, err := compare.Run(context.Background(), compare.Config{
		URL: server.URL, Sizes: []int{5}, Runs: 1, Budget: time.Millisecond,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Kept, r.Checks.Problems)
	// Output: map[0:202 1:202 2:202 3:202 4:202] []
}

func ExampleTutorialSizes() {
	fmt.Println(compare.TutorialSizes())
	// Output: [5 10 50 100 500 1000 2500 5000 10000]
}

func ExampleCommandSizes() {
	fmt.Println(compare.CommandSizes())
	// Output: [5 10 20 50 100]
}

// All that is wrong, before anything is measured.
func ExampleConfig_Check() {
	cfg := compare.Config{Sizes: []int{0, 10}, InFlight: -1, Python: "pickle"}
	fmt.Println(cfg.Check())
	// Output:
	// size 0: must be between 1 and 1,000,000
	// -1 in flight: must be between 1 and 10,000
	// python "pickle": there is post and session
}

// How much somebody else's server would be asked in each round.
func ExampleConfig_Requests() {
	cfg := compare.Config{URL: "https://api.example.com/v1/items", Sizes: []int{10, 100}}
	fmt.Println(cfg.Requests(), "requests a round")
	// Output: 830 requests a round
}

func ExampleBody_String() {
	fmt.Println(compare.Body{})
	fmt.Println(compare.Body{Kind: compare.Sleep, Sleep: 10 * time.Millisecond})
	fmt.Println(compare.Body{Kind: compare.CPU, Limit: 4_000_000})
	// Output:
	// one POST, own JSON
	// sleep 10ms
	// count the primes in a 64th of the numbers below 4000000
}

// A report replaces one that stands there, and nothing else.
func ExampleSave() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "compare.json")
	r := &report.Report{Advice: []string{"Keep sequential."}}
	fmt.Println(compare.Save(path, r), compare.Save(path, r))

	file, err := os.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	read, err := report.ReadJSON(file)
	fmt.Println(read.Advice, err)
	// Output:
	// <nil> <nil>
	// [Keep sequential.] <nil>
}

// The same report as requests per second.
func ExampleLook_Save() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	look := compare.Look{View: report.View{Throughput: true}, Size: report.Size{Width: 600, Height: 400}}
	fmt.Println(look.Save(filepath.Join(dir, "rate.svg"), &report.Report{}))
	// Output: <nil>
}

// Whether a file can be written is better known before a minute of measuring.
func ExampleCanSave() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	notes := filepath.Join(dir, "notes.html")
	if err := os.WriteFile(notes, []byte("<p>my own notes"), 0o600); err != nil {
		fmt.Println(err)
	}
	fmt.Println(errors.Is(compare.CanSave(notes), compare.ErrForeignFile))
	fmt.Println(errors.Is(compare.CanSave("chart.png"), compare.ErrFormat))
	fmt.Println(compare.CanSave(filepath.Join(dir, "chart.svg")))
	// Output:
	// true
	// true
	// <nil>
}
