package process_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// The bodies of the examples, registered so that worker processes know them.
var (
	_ = parfor.Register(square)
	_ = parfor.Register(whereAmI)
	_ = parfor.Register(setting)
	_ = parfor.Register(here)
	_ = parfor.RegisterEach(report)
	_ = parfor.RegisterEach(complain)
	_ = parfor.Register(counted)
	_ = parfor.Register(translate)
	_ = parfor.Register(lasting)
)

func square(_ context.Context, n int) (int, error) { return n * n, nil }

func whereAmI(context.Context, int) (bool, error) { return process.IsWorker(), nil }

func setting(_ context.Context, name string) (string, error) { return os.Getenv(name), nil }

func here(context.Context, int) (string, error) {
	dir, err := os.Getwd()
	return filepath.Base(dir), err
}

func report(_ context.Context, n int) error { _, err := fmt.Println("request", n, "sent"); return err }

func complain(_ context.Context, n int) error {
	_, err := fmt.Fprintln(os.Stderr, "request", n, "was slow")
	return err
}

// calls is one per process, like every variable.
var calls int

// counted is how many tasks its process has run.
func counted(context.Context, int) (int, error) { calls++; return calls, nil }

// lasting takes no time for 1, and for all else until it is told to stop.
func lasting(ctx context.Context, n int) (int, error) {
	if n != 1 {
		<-ctx.Done()
	}
	return n, context.Cause(ctx)
}

// Map runs the body in two processes; the results come back in order.
func ExampleNewPool() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	fmt.Println(parfor.Map(ctx, []int{1, 2, 3}, square, parfor.On(pool)))
	// Output: [1 4 9] <nil>
}

// What is wrong with the options is said at once, before any process starts.
func ExampleOption() {
	_, err := process.NewPool(context.Background(), 2,
		process.ItemsPerWorker(0), process.Env("DEBUG"), process.RestartAfter(-1))
	fmt.Println(errors.Is(err, parfor.ErrOption))
	fmt.Println(err)
	// Output:
	// true
	// parfor: invalid option: ItemsPerWorker(0): must be from 1 to 4095
	// Env("DEBUG"): must be name=value
	// RestartAfter(-1): must be at least 1
}

// A test binary starts its workers from TestMain:
//
//	func TestMain(m *testing.M) { process.TestMain(m) }
//
// Then its tests, and examples such as this, have pools like any program.
func ExampleTestMain() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(parfor.Map(ctx, []int{5}, square, parfor.On(pool)))
	fmt.Println(pool.Close()) // what stays open fails the tests
	// Output:
	// [25] <nil>
	// <nil>
}

// What exists once per program, such as a listener, is left to the parent.
func ExampleIsWorker() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	there, err := parfor.Map(ctx, []int{0}, whereAmI, parfor.On(pool))
	fmt.Println("here:", process.IsWorker(), "there:", there, err)
	// Output: here: false there: [true] <nil>
}

// words is what a worker needs before its first task.
var words map[string]string

func loadWords(context.Context) error {
	words = map[string]string{"one": "eins", "two": "zwei"}
	return nil
}

var _ = process.RegisterInit(loadWords)

func translate(_ context.Context, word string) (string, error) { return words[word], nil }

// A worker loads its dictionary before its first task.
func ExampleWorkerInit() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 2, process.WorkerInit(loadWords))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	fmt.Println(parfor.Map(ctx, []string{"one", "two"}, translate, parfor.On(pool)))
	// Output: [eins zwei] <nil>
}

var errNoLicence = parfor.RegisterError(errors.New("no licence on this machine"))

func checkLicence(context.Context) error { return errNoLicence }

var licensed = process.RegisterInit(checkLicence)

// An initializer that fails ends the pool: its loops get the error.
func ExampleRegisterInit() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1, process.WorkerInit(licensed))
	if err == nil {
		_, err = parfor.Map(ctx, []int{1}, square, parfor.On(pool))
		pool.Close()
	}
	fmt.Println(errors.Is(err, errNoLicence))
	// Output: true
}

// One process, ten requests in flight.
func ExampleItemsPerWorker() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1, process.ItemsPerWorker(10))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	fmt.Println(pool.Slots(), "at once")
	fmt.Println(parfor.Map(ctx, []int{1, 2, 3}, square, parfor.On(pool)))
	// Output:
	// 10 at once
	// [1 4 9] <nil>
}

func ExampleEnv() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1, process.Env("REGION=eu", "RETRIES=3"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	fmt.Println(parfor.Map(ctx, []string{"REGION", "RETRIES"}, setting, parfor.On(pool)))
	// Output: [eu 3] <nil>
}

func ExampleDir() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1, process.Dir(dir))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	out, err := parfor.Map(ctx, []int{0}, here, parfor.On(pool))
	fmt.Println(len(out) == 1 && out[0] == filepath.Base(dir), err)
	// Output: true <nil>
}

// What workers print goes where the program wants it.
func ExampleStdout() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1, process.Stdout(os.Stdout))
	if err != nil {
		fmt.Println(err)
		return
	}
	err = parfor.Each(ctx, []int{17, 18}, report, parfor.On(pool))
	fmt.Println(err, pool.Close()) // by then all of it has been written
	// Output:
	// request 17 sent
	// request 18 sent
	// <nil> <nil>
}

// Errors go to the same place here; a program would take a log file.
func ExampleStderr() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1, process.Stderr(os.Stdout))
	if err != nil {
		fmt.Println(err)
		return
	}
	err = parfor.Each(ctx, []int{17}, complain, parfor.On(pool))
	fmt.Println(pool.Close(), err)
	// Output:
	// request 17 was slow
	// <nil> <nil>
}

// Every line says which worker it comes from. Where a worker runs one item at a
// time it says which as well: "[0 #17] request 17 sent".
func ExampleTagOutput() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1, process.ItemsPerWorker(2), process.TagOutput(), process.Stdout(os.Stdout))
	if err != nil {
		fmt.Println(err)
		return
	}
	err = parfor.Each(ctx, []int{17}, report, parfor.On(pool))
	fmt.Println(pool.Close(), err)
	// Output:
	// [0] request 17 sent
	// <nil> <nil>
}

// A program that loads much before Main.
func ExampleStartTimeout() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1, process.StartTimeout(time.Minute))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	fmt.Println(parfor.Map(ctx, []int{4}, square, parfor.On(pool)))
	// Output: [16] <nil>
}

// A program that loads much should not fail at it often.
func ExampleBreaker() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1, process.Breaker(2))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	fmt.Println(parfor.Map(ctx, []int{5}, square, parfor.On(pool)))
	// Output: [25] <nil>
}

// A body that leaks gets a fresh process after every third task.
func ExampleRestartAfter() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1, process.RestartAfter(3))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	fmt.Println(parfor.Map(ctx, parfor.Range(7), counted, parfor.On(pool)))
	// Output: [1 2 3 1 2 3 1] <nil>
}

func ExamplePool_Slots() {
	pool, err := process.NewPool(context.Background(), 2, process.ItemsPerWorker(4))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	fmt.Println(pool.Slots())
	// Output: 8
}

// Each worker is a process of its own.
func ExamplePool_PIDs() {
	pool, err := process.NewPool(context.Background(), 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	pids := pool.PIDs()
	fmt.Println(len(pids), slices.Contains(pids, os.Getpid()))
	// Output: 2 false
}

// A closed pool takes no more loops.
func ExamplePool_Close() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(pool.Close())
	_, err = parfor.Map(ctx, []int{1}, square, parfor.On(pool))
	fmt.Println(errors.Is(err, parfor.ErrClosed))
	// Output:
	// <nil>
	// true
}

// A program that wants to end doesn't wait for what runs.
func ExamplePool_CloseNow() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	closed := make(chan error)
	numbers := slices.Values([]int{1, 17})
	for r, err := range parfor.Stream(ctx, numbers, lasting, parfor.On(pool)) {
		if err != nil {
			fmt.Println(errors.Is(err, parfor.ErrClosed), errors.Is(err, parfor.ErrCanceled))
			continue
		}
		fmt.Println(r.In, "is done")
		go func() { closed <- pool.CloseNow() }()
	}
	fmt.Println(<-closed)
	// Output:
	// 1 is done
	// true true
	// <nil>
}

// The last resort: nothing is asked, nothing waited for.
func ExamplePool_Kill() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	f := parfor.Submit(ctx, pool, lasting, 17)
	pool.Kill()
	_, err = f.Result(ctx)
	fmt.Println(errors.Is(err, parfor.ErrClosed), pool.Close())
	// Output: true <nil>
}
