package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"parfor.dev/parfor/compare/report"
)

// measured is a small experiment: two sizes, in sequence and on goroutines,
// five runs each.
func measured() *report.Report {
	g := &report.Grid{Axis: "requests", InFlight: 16, Sizes: []int{100, 500}, Series: []report.Series{
		{Key: "seq", Name: "sequential", Letter: "s", Executor: "sequential", InFlight: 1},
		{Key: "go", Name: "goroutines x16", Letter: "g", Executor: "goroutines", InFlight: 16},
	}}
	for _, size := range g.Sizes {
		for i := range 5 {
			noise := report.Seconds(1 + 0.01*float64(i))
			g.Add(size, "seq", report.Run{Round: i + 1, Took: report.Seconds(size) * 0.005 * noise})
			g.Add(size, "go", report.Run{Round: i + 1, Took: report.Seconds(size) * 0.0004 * noise})
		}
	}
	return &report.Report{Grid: g, API: report.API{URL: "http://127.0.0.1:8080"}}
}

func ExampleAdvise() {
	for _, sentence := range report.Advise(measured()) {
		fmt.Println(sentence)
	}
	// Output: Use goroutines, as many in flight as the API allows: 16 made this loop 12 times faster at 500 requests (bands apart, p = 0.008).
}

// The file keeps every run, so what is read back is what was written.
func ExampleReadJSON() {
	var file bytes.Buffer
	if err := report.WriteJSON(&file, measured()); err != nil {
		fmt.Println(err)
	}
	r, err := report.ReadJSON(&file)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, run := range r.Grid.Cell(500, "go").Runs {
		fmt.Println(run.Round, run.Took.Duration())
	}
	_, err = report.ReadJSON(strings.NewReader(`{"schema": "something else"}`))
	fmt.Println(errors.Is(err, report.ErrSchema))
	// Output:
	// 1 200ms
	// 2 202ms
	// 3 204ms
	// 4 206ms
	// 5 208ms
	// true
}

func ExampleWriteJSON() {
	r := &report.Report{Grid: &report.Grid{Axis: "requests"}, Seed: 8127}
	var file strings.Builder
	err := report.WriteJSON(&file, r)
	fmt.Println(strings.Contains(file.String(), `"schema": "parfor.compare/v1"`), err)
	// Output: true <nil>
}

func ExampleWriteCSV() {
	r := &report.Report{Ways: &report.Block{Title: "500 requests", Ways: []report.Way{
		{Name: "sequential", Executor: "sequential", Workers: 1, Runs: []report.Run{{Round: 1, Took: 2.83}}},
		{Name: "goroutines", Executor: "goroutines", Workers: 6, Runs: []report.Run{{Round: 1, Took: 0.49}, {Round: 2, Took: 0.51}}},
	}}}
	if err := report.WriteCSV(os.Stdout, r); err != nil {
		fmt.Println(err)
	}
	// Output:
	// block,way,executor,size,workers,round,at_s,took_s,startup_s,start_included,cpu_s,memory_bytes,failed
	// ways,sequential,sequential,0,1,1,0,2.83,0,false,0,0,0
	// ways,goroutines,goroutines,0,6,1,0,0.49,0,false,0,0,0
	// ways,goroutines,goroutines,0,6,2,0,0.51,0,false,0,0,0
}

// A page to open from the disk: everything is in it.
func ExampleWriteHTML() {
	var page bytes.Buffer
	err := report.WriteHTML(&page, measured())
	fmt.Println(strings.Contains(page.String(), "<svg"), strings.Contains(page.String(), `src="`), err)
	// Output: true false <nil>
}

// What this package wrote may be written again; anything else stays.
func ExampleOurs() {
	var page bytes.Buffer
	if err := report.WriteHTML(&page, measured()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(report.Ours(page.Bytes()), report.Ours([]byte("my notes")))
	// Output: true false
}

func ExampleWriteSVG() {
	var chart strings.Builder
	err := report.WriteSVG(&chart, measured(), report.Size{Width: 600, Height: 400})
	fmt.Println(strings.HasPrefix(chart.String(), "<svg"), err)
	// Output: true <nil>
}

// Today's curves over last week's.
func ExampleOverlay() {
	both, err := report.Overlay([]report.Source{{Name: "old.json", Report: measured()}, {Name: "new.json", Report: measured()}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, line := range report.NewPlot(both.Grid).Lines {
		fmt.Println(line.Letter, line.Name, len(line.Points))
	}
	// Output:
	// s old.json: sequential 2
	// g old.json: goroutines x16 2
	// S new.json: sequential 2
	// G new.json: goroutines x16 2
}

// The same numbers as requests per second, on linear axes.
func ExampleView_Plot() {
	plot := report.View{Linear: true, Throughput: true}.Plot(measured().Grid)
	for _, line := range plot.Lines {
		last := line.Points[len(line.Points)-1]
		fmt.Printf("%s: %.0f %s\n", line.Name, last.Mid, plot.YLabel)
	}
	var chart bytes.Buffer
	fmt.Println(plot.WriteSVG(&chart, report.Size{}), chart.Len() > 0)
	// Output:
	// sequential: 196 requests per second
	// goroutines x16: 2451 requests per second
	// ideal: sequential / 16: 3137 requests per second
	// <nil> true
}

func ExampleReport_Drawn() {
	fmt.Println(measured().Drawn().Axis, (&report.Report{}).Drawn() == nil)
	// Output: requests true
}

func ExampleView_WriteSVG() {
	var chart strings.Builder
	err := report.View{Throughput: true}.WriteSVG(&chart, measured(), report.Size{})
	fmt.Println(strings.Contains(chart.String(), "requests per second"), err)
	// Output: true <nil>
}

func ExampleView_WriteHTML() {
	var page bytes.Buffer
	err := report.View{Linear: true}.WriteHTML(&page, measured())
	fmt.Println(strings.Contains(page.String(), "logarithmic"), err)
	// Output: false <nil>
}

func ExampleText_Redraw() {
	text := report.Text{Width: 60, View: report.View{Throughput: true}}
	fmt.Print(text.Redraw(measured()))
	// Output:
	// requests  sequential  goroutines x16          runs
	//      100       196/s   2,451/s   12x             5
	//      500       196/s   2,451/s   12x             5
	// checked: nothing
	// requests per second
	//  5,000
	//  2,000 g··················································g
	//  1,000
	//    500
	//    200 s··················································s
	//        100                                              500
	//        requests (log-log)
	//        s sequential · g goroutines x16 · * both
}

func ExampleNewPlot() {
	plot := report.NewPlot(measured().Grid)
	plot.Title = "The same loop, twice"
	for _, line := range plot.Lines {
		for _, p := range line.Points {
			fmt.Printf("%s at %v: %.3f s, from %.3f to %.3f\n", line.Name, p.X, p.Mid, p.Lo, p.Hi)
		}
	}
	// Output:
	// sequential at 100: 0.510 s, from 0.500 to 0.520
	// sequential at 500: 2.550 s, from 2.500 to 2.600
	// goroutines x16 at 100: 0.041 s, from 0.040 to 0.042
	// goroutines x16 at 500: 0.204 s, from 0.200 to 0.208
	// ideal: sequential / 16 at 100: 0.032 s, from 0.032 to 0.032
	// ideal: sequential / 16 at 500: 0.159 s, from 0.159 to 0.159
}

func ExampleWriteTable() {
	if err := report.WriteTable(os.Stdout, &report.Report{Grid: measured().Grid}, 60); err != nil {
		fmt.Println(err)
	}
	// Output:
	// parfor compare · 0 cores · seed 0 · ^C keeps what is
	//   measured
	// requests  sequential  goroutines x16          runs
	//      100      510 ms   40.8 ms   12x             5
	//      500      2.55 s    204 ms   12x             5
	// checked: nothing
	//    5 s
	//    2 s                                    ················s
	//    1 s           ·························
	// 500 ms s·········
	// 200 ms                                         ···········g
	// 100 ms                ·························
	//  50 ms g··············
	//  20 ms
	//        100                                              500
	//        requests (log-log)
	//        s sequential · g goroutines x16 · * both
}

// A table that is printed while it is measured: its heading, then row by row.
func ExampleText_GridRow() {
	text := report.Text{Width: 60}
	g := measured().Grid
	fmt.Print(text.GridTitle(g))
	for _, size := range g.Sizes {
		fmt.Print(text.GridRow(g, size))
	}
	// Output:
	// requests  sequential  goroutines x16          runs
	//      100      510 ms   40.8 ms   12x             5
	//      500      2.55 s    204 ms   12x             5
}

func ExampleText_Chart() {
	fmt.Print(report.Text{Width: 60}.Chart(measured().Grid))
	// Output:
	// 5 s
	//    2 s                                    ················s
	//    1 s           ·························
	// 500 ms s·········
	// 200 ms                                         ···········g
	// 100 ms                ·························
	//  50 ms g··············
	//  20 ms
	//        100                                              500
	//        requests (log-log)
	//        s sequential · g goroutines x16 · * both
}

func ExampleText_Block() {
	block := &report.Block{Title: "500 requests", Items: 500, Ways: []report.Way{
		{Name: "sequential", Executor: "sequential", Workers: 1, Runs: []report.Run{{Took: 2.83}}},
		{Name: "goroutines", Executor: "goroutines", Workers: 6, Runs: []report.Run{{Took: 0.49}, {Took: 0.51}}},
	}}
	text := report.Text{Width: 60}
	fmt.Print(text.Block(block))
	fmt.Print(text.Line(block))
	// Output:
	// 500 requests       workers     time   faster   memory   runs
	//   sequential             1   2.83 s     1.0x        –      1
	//   goroutines             6   500 ms     5.7x        –      2
	// 500 requests: sequential 2.83 s · goroutines 500 ms 5.7x
}

func ExampleText_Checks() {
	fmt.Print(report.Text{}.Checks(&report.Report{Checks: report.Checks{Answers: 1000, Dictionaries: 10, LogChecked: true}}))
	fmt.Print(report.Text{}.Checks(&report.Report{Checks: report.Checks{Problems: []string{"goroutines: number 17 -> 404 instead of 200"}}}))
	// Output:
	// checked: 1,000 answers, every dictionary right, each number once in the API's log
	// WRONG: 1 problem in 0 answers; don't use these numbers:
	//   goroutines: number 17 -> 404 instead of 200
}

// What stands around the tables.
func ExampleText_Header() {
	r := &report.Report{
		Machine: report.Machine{Cores: 2, Go: "go1.26.8", OS: "linux", Arch: "amd64"}, Seed: 8127, Budget: 60, Elapsed: 61.2,
		API:   report.API{Text: "https://api.example.com"},
		Files: []string{"compare.json"}, Next: "-j 1,2,4 (speed-up)",
	}
	text := report.Text{}
	fmt.Print(text.Header(r))
	fmt.Print(text.Advice([]string{"Keep sequential."}))
	fmt.Print(text.Footer(r))
	// Output:
	// parfor compare · 2 cores · go1.26.8 linux/amd64 · seed 8127 · budget 1m · ^C keeps what is measured
	// API: https://api.example.com
	// => Keep sequential.
	// compare.json · 61 s
	// next: -j 1,2,4 (speed-up)
}

// A block that is printed while it is measured.
func ExampleText_BlockRow() {
	block := &report.Block{Title: "500 requests", Ways: []report.Way{
		{Name: "sequential", Workers: 1}, {Name: "goroutines", Workers: 6},
	}}
	text := report.Text{Width: 60}
	fmt.Print(text.BlockTitle(block))
	for i := range block.Ways {
		block.Ways[i].Runs = []report.Run{{Took: 2.83 / report.Seconds(block.Ways[i].Workers)}}
		fmt.Print(text.BlockRow(block, i))
	}
	// Output:
	// 500 requests       workers     time   faster   memory   runs
	//   sequential             1   2.83 s     1.0x        –      1
	//   goroutines             6   472 ms     6.0x        –      1
}

func ExampleBlock_Way() {
	block := &report.Block{Ways: []report.Way{{Name: "sequential", Workers: 1}, {Name: "goroutines", Workers: 6}}}
	fmt.Println(block.Way("goroutines").Workers, block.Way("threads") == nil)
	// Output: 6 true
}

// A cell is there once it has a run, or a reason for having none.
func ExampleGrid_Add() {
	g := &report.Grid{Axis: "requests", Sizes: []int{500, 5000}, Series: []report.Series{{Key: "seq", Name: "sequential"}}}
	fmt.Println(g.Cell(500, "seq") == nil)
	g.Add(500, "seq", report.Run{Took: report.Took(2800 * time.Millisecond)})
	g.Skip(5000, "seq", "over 5 s", 28)
	fmt.Println(len(g.Cell(500, "seq").Runs), g.Cell(5000, "seq").Skipped)
	// Output:
	// true
	// 1 over 5 s
}

// In a report a duration is a number of seconds.
func ExampleTook() {
	took := report.Took(1500 * time.Millisecond)
	text, err := took.MarshalJSON()
	fmt.Println(took.Duration(), string(text), err)
	// Output: 1.5s 1.5 <nil>
}

func ExampleTimes() {
	before := report.Times([]report.Run{{Took: 0.50}, {Took: 0.52}, {Took: 0.51}})
	after := report.Times([]report.Run{{Took: 0.39}, {Took: 0.38}, {Took: 0.40}})
	fmt.Println(before.Median, after.Median, "overlap:", before.Overlaps(after))
	// Output: 0.51 0.39 overlap: false
}

func ExampleBandOf() {
	runs := []report.Run{{Took: 0.50, CPU: 0.11}, {Took: 0.52, CPU: 0.13}, {Took: 0.51, CPU: 0.12}}
	cpu := report.BandOf(runs, func(r report.Run) report.Seconds { return r.CPU })
	fmt.Println(cpu.N, "runs, CPU time from", cpu.Min, "to", cpu.Max)
	// Output: 3 runs, CPU time from 0.11 to 0.13
}

func ExampleThisMachine() {
	m := report.ThisMachine()
	fmt.Println(m.Cores > 0, m.GOMAXPROCS > 0, slices.Contains([]string{"linux", "darwin", "windows"}, m.OS))
	// Output: true true true
}
