package progress_test

import (
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/progress"
)

func TestJSON(t *testing.T) {
	var s screen
	o := progress.JSON(&s)
	start := post(3, -1)
	start.At = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	o.Start(start)

	f := observe.Frame{Loop: 3, At: time.Second, Total: 20}
	f.Totals = observe.Totals{Running: 1, OK: 9, Failed: 1, Retried: 2, Skipped: 4, Busy: time.Millisecond}
	f.Workers = []observe.Worker{{ID: 2, PID: 77, OK: 9, Failed: 1, Busy: time.Millisecond}}
	f.Slices = []observe.Slice{{Worker: 2, Start: 5, Took: 6, Index: 7, Attempt: 1, Flags: observe.Failed | observe.Killed, N: 1}}
	f.Groups = []observe.Group{{Text: `"…" <gone>`, Count: 1, First: 7, Examples: []int{7}}}
	f.Hist.Add(3, 4)
	o.Frame(f)
	o.Event(observe.Event{Loop: 3, At: 2, Kind: observe.WorkerDown, Worker: 2, PID: 77, Index: -1, Text: "killed", Stack: []byte("goroutine 1")})

	last := f
	last.Hist = f.Hist.Clone()
	last.Hist.Add(3, 1)
	last.Hist.Add(900, 1)
	last.Slices, last.Groups = nil, nil
	o.End(observe.End{Loop: 3, At: time.Second, Frame: last, Err: errors.New("item 'x' failed")})

	want := `{"v":1,"q":1,"t":0,"k":"loop.start","loop":3,"name":"post","executor":"goroutines","workers":8,"total":null,"wall":"2026-11-22T10:00:00Z","os":"` +
		runtime.GOOS + `","arch":"` + runtime.GOARCH + `","go":"` + runtime.Version() + `"}
{"v":1,"q":2,"t":1000000000,"k":"frame","loop":3,"total":20,"totals":{"run":1,"ok":9,"fail":1,"retry":2,"skip":4,"busy_ns":1000000},"w":[[2,9,1,1000000,77]],"h":[[3,4]],"s":[[2,5,6,7,1,18,1]],"err":[{"msg":"\"…\" <gone>","count":1,"first":7,"ex":[7]}]}
{"v":1,"q":3,"t":2,"k":"worker.down","loop":3,"worker":2,"pid":77,"index":null,"text":"killed","stack":"goroutine 1"}
{"v":1,"q":4,"t":1000000000,"k":"loop.end","loop":3,"total":20,"totals":{"run":1,"ok":9,"fail":1,"retry":2,"skip":4,"busy_ns":1000000},"w":[[2,9,1,1000000,77]],"h":[[3,1],[108,1]],"state":"failed","reason":"item '…' failed"}
`
	got := s.take()
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	for line := range strings.Lines(got) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
	if i := observe.Bucket(900); i != 108 {
		t.Errorf("900ns is in bucket %d", i)
	}
}
