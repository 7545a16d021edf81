package report

import "time"

// Schema names the JSON layout of a [Report]; readers refuse any other.
const Schema = "parfor.compare/v1"

// Report is one experiment: where it ran, what was measured, every raw run.
// The zero value renders (as an experiment that measured nothing).
type Report struct {
	Schema  string    `json:"schema"`
	Started time.Time `json:"started"`
	Command []string  `json:"command,omitempty"` // the arguments, without the program's path
	// Sources describes the files of an overlay, a line for each; see [Overlay].
	Sources []string `json:"sources,omitempty"`
	Machine Machine  `json:"machine"`
	Seed    uint64   `json:"seed"`
	Budget  Seconds  `json:"budget_s"` // 0: none
	Elapsed Seconds  `json:"elapsed_s"`
	// Interrupted is true if ^C ended the experiment; what was measured is here.
	Interrupted bool `json:"interrupted,omitempty"`

	API API `json:"api"`
	// Ways is the opening block: the same requests, one row per way.
	Ways *Block `json:"ways,omitempty"`
	// WaysNote is printed below Ways ("2 and 6 are Python's default …").
	WaysNote string `json:"ways_note,omitempty"`
	// Grid is number of requests × series; Sweep is number of workers × series.
	Grid  *Grid `json:"grid,omitempty"`
	Sweep *Grid `json:"sweep,omitempty"`

	Checks     Checks  `json:"checks"`
	Dictionary []Block `json:"dictionary,omitempty"` // dictionary operations alone
	CPU        []Block `json:"cpu,omitempty"`        // bodies that compute; also --alloc and --sleep
	// Advice is what follows from the numbers; [Advise] writes it.
	Advice []string `json:"advice,omitempty"`

	// Lanes holds who ran what when, for one run per way, all on clocks that
	// start with their run.
	Lanes []Lanes `json:"lanes,omitempty"`
	// Kept is the dictionary number -> status of the last run of KeptWay.
	Kept    map[int]int `json:"kept,omitempty"`
	KeptWay string      `json:"kept_way,omitempty"`

	Files []string `json:"files,omitempty"` // what the experiment wrote, for the closing line
	Next  string   `json:"next,omitempty"`  // what to try next, without "next: "
}

// Machine is where the experiment ran. [ThisMachine] fills it.
type Machine struct {
	Cores      int     `json:"cores"`
	Model      string  `json:"cpu,omitempty"`
	GOMAXPROCS int     `json:"gomaxprocs"`
	Go         string  `json:"go"`
	OS         string  `json:"os"`
	Arch       string  `json:"arch"`
	Load       float64 `json:"load"` // one-minute load average at the start; 0 where the OS has none
}

// API describes what answered the requests.
type API struct {
	URL     string  `json:"url"`
	Latency Seconds `json:"latency_s"`
	Jitter  Seconds `json:"jitter_s,omitempty"`
	Errors  float64 `json:"errors,omitempty"` // share of 5xx answers, 0 to 1
	Rule    string  `json:"rule,omitempty"`   // which numbers answer what: "1 in 50 says 404"
	// Text is the line's second half, printed as it is; empty: made from the fields above.
	Text string `json:"text,omitempty"`
}

// Block is a title and one row per way that did the same work.
// The first way is the one that the others are compared with.
type Block struct {
	Title string `json:"title"`           // "500 requests, the tutorial's five ways"
	Items int    `json:"items,omitempty"` // requests, inserts, … per run: the divisor of CPU per request
	Note  string `json:"note,omitempty"`  // a line below
	Ways  []Way  `json:"ways"`
}

// Way is one way of doing a block's work.
type Way struct {
	Name     string `json:"name"`            // "goroutines, shared dictionary"
	Short    string `json:"short,omitempty"` // for narrow terminals: "goroutines, shared"
	Executor string `json:"executor"`        // sequential, goroutines, processes, python, …
	Workers  int    `json:"workers"`
	// MemoryIsDelta: the runs' Memory is what this way added, shown with a sign.
	MemoryIsDelta bool  `json:"memory_is_delta,omitempty"`
	Runs          []Run `json:"runs"`
}

// Grid is an experiment over one axis: a cell per size and series.
type Grid struct {
	Axis     string   `json:"axis"`            // the row's word: "requests" or "workers"
	Items    int      `json:"items,omitempty"` // the fixed number of requests of a sweep over workers
	InFlight int      `json:"in_flight,omitempty"`
	Note     string   `json:"note,omitempty"`   // the line above the grid
	Caveat   string   `json:"caveat,omitempty"` // what a reader should know of it, a sentence
	Sizes    []int    `json:"sizes"`
	Series   []Series `json:"series"` // the first is what "faster" compares with
	Cells    []Cell   `json:"cells"`  // in any order, at most one per size and series
}

// Series is a column of the grid and a line of the chart.
type Series struct {
	Key           string `json:"key"`    // unique in its grid: "goroutines"
	Name          string `json:"name"`   // "goroutines x16"
	Letter        string `json:"letter"` // on the terminal chart: "g"
	Executor      string `json:"executor"`
	InFlight      int    `json:"in_flight"`
	StartIncluded bool   `json:"start_included,omitempty"`
	File          string `json:"file,omitempty"` // of an overlay: where it comes from
}

// Cell is one size on one series.
type Cell struct {
	Size   int    `json:"size"`
	Series string `json:"series"` // a Series.Key
	Runs   []Run  `json:"runs,omitempty"`
	// Skipped says why there are no (further) runs: "over 5 s". Estimate is what
	// a run would have taken; it is shown as a reason, never drawn.
	Skipped  string  `json:"skipped,omitempty"`
	Estimate Seconds `json:"estimate_s,omitempty"`
}

// Checks says what was verified.
type Checks struct {
	Answers      int           `json:"answers"`
	Dictionaries int           `json:"dictionaries"` // compared with the rule, all keys
	Keys         int           `json:"keys,omitempty"`
	Statuses     []StatusCount `json:"statuses,omitempty"` // of the dictionary with Keys keys
	LogChecked   bool          `json:"log_checked,omitempty"`
	Problems     []string      `json:"problems,omitempty"` // empty: everything right
}

// StatusCount is how many keys of a dictionary hold a status.
type StatusCount struct {
	Status int `json:"status"`
	Count  int `json:"count"`
}

// Lanes is one run seen from its workers.
type Lanes struct {
	Name    string `json:"name"`
	Workers int    `json:"workers"`
	Spans   []Span `json:"spans"`
}

// Span is one task: who ran it, when (since its run began), how it ended.
// JSON keeps it as [worker, item, start µs, took µs, status].
type Span struct {
	Worker int // from 0, below Lanes.Workers
	Item   int
	Start  Seconds
	Took   Seconds
	Status int // what the API said; 0 if nothing
}

// Way returns the way called name, or nil.
func (b *Block) Way(name string) *Way {
	if b == nil {
		return nil
	}
	for i := range b.Ways {
		if b.Ways[i].Name == name {
			return &b.Ways[i]
		}
	}
	return nil
}

// Cell returns the cell of a size and series, or nil.
func (g *Grid) Cell(size int, series string) *Cell {
	if g == nil {
		return nil
	}
	for i := range g.Cells {
		if c := &g.Cells[i]; c.Size == size && c.Series == series {
			return c
		}
	}
	return nil
}

// sweep: the axis is how many run at once, and not how much there is to do.
func (g *Grid) sweep() bool { return g.Items > 0 || g.Axis == "workers" }

// Add records a run, making its cell if there is none yet.
func (g *Grid) Add(size int, series string, run Run) {
	c := g.Cell(size, series)
	if c == nil {
		g.Cells = append(g.Cells, Cell{Size: size, Series: series})
		c = &g.Cells[len(g.Cells)-1]
	}
	c.Runs = append(c.Runs, run)
}

// Skip records why a cell has no (further) runs.
func (g *Grid) Skip(size int, series, reason string, estimate Seconds) {
	c := g.Cell(size, series)
	if c == nil {
		g.Cells = append(g.Cells, Cell{Size: size, Series: series})
		c = &g.Cells[len(g.Cells)-1]
	}
	c.Skipped, c.Estimate = reason, estimate
}
