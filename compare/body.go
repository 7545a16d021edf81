package compare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

// work is what the tasks of a loop need to know; it travels with the loop.
type work struct {
	Body    Body
	URL     string
	Command []string
}

// statuses is the shared dictionary: number -> what its task found out.
var statuses = dict.New[int, int]("statuses")

var (
	_ = parfor.Register(task)
	_ = parfor.RegisterEach(taskShared)
	_ = parfor.RegisterAs(AgentName, taskOfAgent)
	_ = parfor.Register(keep)
	_ = parfor.RegisterEach(keepShared)
)

// task is the body of every loop that combines its dictionary at the end.
func task(ctx context.Context, number int) (int, error) {
	w := parfor.Arg[work](ctx)
	switch w.Body.Kind {
	case Sleep:
		return number, pause(ctx, w.Body.Sleep)
	case CPU:
		return primes(number, w.Body.Limit), nil
	case Alloc:
		return garbage(number, w.Body.Bytes), nil
	case Command:
		return command(ctx, w.Command, number)
	default:
		return post(ctx, w.URL, number)
	}
}

// AgentName is the name of the only function that agents of a cluster need to run
// for an experiment: it asks URLs and computes, and runs no command.
const AgentName = "parfor compare"

// taskOfAgent is task where who asks is somebody else.
func taskOfAgent(ctx context.Context, number int) (int, error) {
	if parfor.Arg[work](ctx).Body.Kind == Command {
		return 0, errors.New("compare: agents run no commands for it")
	}
	return task(ctx, number)
}

// taskShared does the same and writes it into the shared dictionary.
func taskShared(ctx context.Context, number int) error {
	found, err := task(ctx, number)
	if err != nil {
		return err
	}
	return statuses.Set(ctx, number, found)
}

// keep and keepShared are nothing but the dictionary.
func keep(_ context.Context, number int) (int, error)  { return number, nil }
func keepShared(ctx context.Context, number int) error { return statuses.Set(ctx, number, number) }

// client is one per process, as the documentation of net/http asks for. The
// transport is a variable of its own so that a run in this process can begin
// without the connections of the one before.
var (
	transport = &http.Transport{MaxIdleConns: 0, MaxIdleConnsPerHost: 1 << 14, IdleConnTimeout: time.Minute}
	client    = parfor.PerWorker(
		func(context.Context) (*http.Client, error) { return &http.Client{Transport: transport}, nil },
		func(c *http.Client) error { c.CloseIdleConnections(); return nil })
)

// post asks the API about one number. Any status is an answer.
func post(ctx context.Context, url string, number int) (status int, err error) {
	c, err := client.Get(ctx)
	if err != nil {
		return 0, err
	}
	body := strings.NewReader(`{"number":` + strconv.Itoa(number) + `}`)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	// Read to the end, or the connection can't be used again.
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)); err != nil {
		return 0, fmt.Errorf("read the answer to number %d: %w", number, err)
	}
	return resp.StatusCode, nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// primeChunks is into how many items the numbers below a limit are dealt, so
// that each does about the same: item k tests k, k+64, k+128 …
const primeChunks = 64

func primes(item, limit int) (count int) {
	for n := item % primeChunks; n < limit; n += primeChunks {
		if prime(n) {
			count++
		}
	}
	return count
}

func prime(n int) bool {
	if n < 4 {
		return n > 1
	}
	if n%2 == 0 {
		return false
	}
	for d := 3; d*d <= n; d += 2 {
		if n%d == 0 {
			return false
		}
	}
	return true
}

// leaf is small enough that garbage of many bytes is many objects.
type leaf struct {
	next *leaf
	_    [6]int
}

const leafBytes = 56

// garbage makes a list and returns its length, plus the item.
func garbage(item, bytes int) int {
	var head *leaf
	n := 0
	for ; n < bytes/leafBytes; n++ {
		l := &leaf{}
		if n%64 != 0 {
			l.next = head
		}
		head = l
	}
	runtime.KeepAlive(head)
	return item + n
}
