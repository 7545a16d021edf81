// Command example runs a loop on three agents, and kills one of them in the
// middle: no item is lost, and none has two results.
//
//	go run ./example
//
// The agents are this program, started again; on other machines they would be
// started there. The server between them runs inside this program, too.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/embed"
	"parfor.dev/parfor/process"
)

var (
	serve = flag.String("serve", "", "be an agent for the server of this `folder`")
	items = flag.Int("n", 300, "how many `items`")
)

// work is what takes long.
func work(ctx context.Context, n int) (int, error) {
	select {
	case <-time.After(10 * time.Millisecond):
		return n * n, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

var _ = parfor.Register(work)

func main() {
	flag.Parse()
	process.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if *serve != "" {
		err = agent(ctx, *serve)
	} else {
		err = run(ctx)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// agent joins the server of the folder: its token is in no argument, which other
// users of the machine could see.
func agent(ctx context.Context, dir string) error {
	server, err := embed.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer server.Close()
	return cluster.Serve(ctx, server.URL(), cluster.Processes(2), cluster.Redeliver(time.Second))
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "parfor")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	server, err := embed.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer server.Close()
	var agents []*exec.Cmd
	for range 3 {
		agent, err := start(dir)
		if err != nil {
			return err
		}
		defer end(agent)
		agents = append(agents, agent)
	}
	x, err := cluster.Connect(ctx, server.URL())
	if err != nil {
		return err
	}
	defer x.Close()
	done, sum := 0, 0
	for r, err := range parfor.Stream(ctx, numbers(*items), work, parfor.On(x)) {
		if err != nil {
			return err
		}
		sum += r.Out
		if done++; done == *items/3 {
			fmt.Println("killing an agent")
			agents[0].Process.Kill()
		}
	}
	fmt.Printf("%d results, their sum is %d\n", done, sum)
	return nil
}

func numbers(n int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// start starts this program as an agent.
func start(dir string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	agent := exec.Command(self, "-serve", dir)
	agent.Stderr = os.Stderr
	return agent, agent.Start()
}

// end drains an agent, if it is still there, and waits for it.
func end(agent *exec.Cmd) {
	agent.Process.Signal(syscall.SIGTERM)
	agent.Wait()
}
