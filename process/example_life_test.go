package process_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// logFile is a file for each worker: no two processes write to one.
func logFile(ctx context.Context, _ int) (string, error) {
	w, _ := process.WorkerOf(ctx)
	return fmt.Sprintf("worker-%d.%d.log", w.Number, w.Life), nil
}

var _ = parfor.Register(logFile)

func ExampleWorkerOf() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	fmt.Println(parfor.Submit(ctx, pool, logFile, 1).Result(ctx))
	// Output: worker-0.1.log <nil>
}

// admire logs as any code does.
func admire(ctx context.Context, name string) (int, error) {
	slog.InfoContext(ctx, "admired", "whom", name)
	return len(name), nil
}

var _ = parfor.Register(admire)

// What workers log goes to the program's handler.
func ExampleLogs() {
	timeless := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1, process.Logs(timeless))
	if err != nil {
		fmt.Println(err)
		return
	}
	parfor.Map(ctx, []string{"Ada", "Grace"}, admire, parfor.On(pool), parfor.Name("praise"))
	pool.Close()
	// Output:
	// level=INFO msg=admired whom=Ada worker=0 item=0 loop=praise
	// level=INFO msg=admired whom=Grace worker=0 item=1 loop=praise
}

// The profiles of all workers, in a file each.
func ExamplePool_Profile() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	dir, _ := os.MkdirTemp("", "profiles")
	defer os.RemoveAll(dir)
	for worker := range 2 {
		file, err := os.Create(filepath.Join(dir, fmt.Sprintf("heap.%d", worker)))
		if err == nil {
			err = pool.Profile(ctx, worker, "heap", 0, file)
			file.Close()
		}
		st, _ := os.Stat(file.Name())
		fmt.Println(filepath.Base(file.Name()), st.Size() > 0, err)
	}
	// Output:
	// heap.0 true <nil>
	// heap.1 true <nil>
}
