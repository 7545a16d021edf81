package cluster_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/embed"
	"parfor.dev/parfor/cluster/internal/trio"
	"parfor.dev/parfor/internal/leak"
	"parfor.dev/parfor/process"
)

// What this test binary is when it is started again, so that SIGKILL is real.
const (
	agentOf    = "PARFOR_TEST_AGENT"  // an agent at this URL
	agentSlots = "PARFOR_TEST_SLOTS"  // with that many slots
	agentCA    = "PARFOR_TEST_CA"     // that trusts the certificate in this file
	serverOf   = "PARFOR_TEST_SERVER" // a server on this folder
	callerOf   = "PARFOR_TEST_CALLER" // a program with a loop, at this URL
	callerName = "PARFOR_TEST_NAME"   // of this name
	callerSize = "PARFOR_TEST_SIZE"   // over that many items
	callerKeep = "PARFOR_TEST_KEEP"   // to be kept that long
	callerBody = "PARFOR_TEST_BODY"   // which runs this
	storedOn   = "PARFOR_TEST_STORED" // streams are kept on that many servers
)

// redeliver is what agents of tests have, so that their deaths are found fast.
const redeliver = 600 * time.Millisecond

// program is the tests, an agent or a server.
type program struct{ tests }

func (p program) Run() int {
	if ran, code := trio.Main(); ran {
		return code
	}
	url, dir := os.Getenv(agentOf), os.Getenv(serverOf)
	caller := os.Getenv(callerOf)
	if url == "" && dir == "" && caller == "" {
		return leak.Check(p.tests)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() { // it ends with the test, however that ends
		io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	var err error
	if caller != "" {
		err = call(ctx, caller)
	} else if url != "" {
		err = agentProgram(ctx, url)
	} else {
		var s *embed.Server
		if s, err = openOn(ctx, dir); err == nil {
			fmt.Println(s.Runs())
			<-ctx.Done()
			err = s.Close()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func agentProgram(ctx context.Context, url string) error {
	if err := joinNetwork(); err != nil {
		return err
	}
	slots, err := strconv.Atoi(os.Getenv(agentSlots))
	if err != nil {
		return err
	}
	opts := append(replicas(), cluster.Processes(slots, process.Stderr(io.Discard)), cluster.Redeliver(redeliver), cluster.MaxDeliveries(2))
	if ca := os.Getenv(agentCA); ca != "" {
		opts = append(opts, cluster.NATS(nats.RootCAs(ca)))
	}
	return cluster.Serve(ctx, url, opts...)
}

// start starts this binary as something else. It is killed when the test ends.
func start(t *testing.T, env ...string) *exec.Cmd { return startTo(t, nil, env...) }

// startTo is start for a program that prints.
func startTo(t *testing.T, out io.Writer, env ...string) *exec.Cmd {
	t.Helper()
	cmd := again(env...)
	cmd.Stdout = out
	if err := begin(t, cmd); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// again is this binary as something else, not yet started.
func again(env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, "GORACE=atexit_sleep_ms=0")...)
	cmd.Stderr = os.Stderr
	return cmd
}

// begin starts it. It is killed when the test ends.
func begin(t *testing.T, cmd *exec.Cmd) error {
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGCONT)
		cmd.Process.Kill()
		cmd.Wait()
		in.Close()
	})
	return nil
}

func agentProcess(t *testing.T, url string, slots int) *exec.Cmd {
	return start(t, agentOf+"="+url, agentSlots+"="+strconv.Itoa(slots))
}

// kill ends a process at once, and waits for that.
func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	cmd.Wait()
}

// replicas is where the streams of this program are kept.
func replicas() []cluster.Option {
	if n, err := strconv.Atoi(os.Getenv(storedOn)); err == nil {
		return []cluster.Option{cluster.Replicas(n)}
	}
	return nil
}
