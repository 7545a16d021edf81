// Command requestbench sends n POSTs with distinct JSON bodies from j workers,
// keeps every answer, and prints how many there were a second: the work of
// `parfor http` without reading items and writing results.
//
//	requestbench -url http://127.0.0.1:8080/ -n 10000 -j 32 [-standard]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/item"
	"parfor.dev/parfor/cmd/parfor/internal/record"
	"parfor.dev/parfor/cmd/parfor/internal/request"
	"parfor.dev/parfor/cmd/parfor/internal/template"
)

func main() {
	url := flag.String("url", "", "where to post to")
	n := flag.Int("n", 10000, "requests")
	j := flag.Int("j", 32, "workers")
	body := flag.String("body", `{"number":"{}"}`, "the JSON body, {} is the number")
	standard := flag.Bool("standard", false, "through net/http")
	perItem := flag.Bool("ctx", true, "a context of its own for each request")
	hash := flag.Bool("hash", true, "name each task, as for --resume")
	profile := flag.String("cpuprofile", "", "write a CPU profile")
	flag.Parse()
	if err := run(*url, *body, *n, *j, *standard, *perItem, *hash, *profile); err != nil {
		fmt.Fprintln(os.Stderr, "requestbench:", err)
		os.Exit(1)
	}
}

func run(url, body string, n, j int, standard, perItem, hash bool, profile string) error {
	plan, err := request.Compile(request.Spec{URL: url, DataJSON: &body, Items: n, Parse: parse})
	if err != nil {
		return err
	}
	client, err := request.NewClient(request.Options{Workers: j, Standard: standard})
	if err != nil {
		return err
	}
	defer client.Close()
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	b := bench{plan: plan, client: client, perItem: perItem, hash: hash, lat: request.NewLatency(), records: make([]record.Record, n)}
	took, err := b.run(n, j)
	if err != nil {
		return err
	}
	service, _ := b.lat.Summary()
	codes := map[int]int{}
	for i := range b.records {
		if want := fmt.Sprintf(`{"number":%d`, i+1); !strings.HasPrefix(string(b.records[i].Body), want) {
			return fmt.Errorf("the answer to %d is %s", i+1, b.records[i].Body)
		}
		codes[b.records[i].Code]++
	}
	fmt.Printf("%.0f requests/s  %v  %s\n", float64(n)/took.Seconds(), codes, service)
	return nil
}

type bench struct {
	plan          *request.Plan
	client        *request.Client
	perItem, hash bool
	lat           *request.Latency
	records       []record.Record
	hashed        atomic.Int64
}

func (b *bench) run(n, j int) (time.Duration, error) {
	expect, err := request.ParseExpect(nil)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	started := time.Now()
	var next atomic.Int64
	var all sync.WaitGroup
	for range j {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || ctx.Err() != nil {
					return
				}
				if err := b.one(ctx, i, expect); err != nil {
					cancel(err)
				}
			}
		})
	}
	all.Wait()
	return time.Since(started), context.Cause(ctx)
}

func (b *bench) one(ctx context.Context, i int, expect *request.Expect) error {
	if b.perItem {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
	}
	req, err := b.plan.Prepare(number(i + 1))
	if err != nil {
		return err
	}
	if b.hash {
		b.hashed.Add(int64(len(req.TaskHash())))
	}
	resp, err := b.client.Do(ctx, req)
	if err != nil {
		return err
	}
	b.lat.Add(time.Time{}, resp.Started, resp.Took)
	rec := &b.records[i]
	rec.Seq, rec.Status = i+1, record.OK
	if err := expect.Check(resp); err != nil {
		rec.Status, rec.Error = record.Failed, err.Error()
	}
	resp.Fill(rec)
	return nil
}

// number is an item of a range.
type number int

func (n number) Value(template.Ref) (item.Value, error) {
	s := strconv.Itoa(int(n))
	return item.Value{Text: s, JSON: []byte(s)}, nil
}

// parse knows {} alone.
func parse(s string) (template.Template, error) {
	var t template.Template
	for i, text := range strings.Split(s, "{}") {
		if i > 0 {
			t.Parts = append(t.Parts, template.Part{Ref: &template.Ref{}})
		}
		if text != "" {
			t.Parts = append(t.Parts, template.Part{Text: text})
		}
	}
	return t, nil
}
