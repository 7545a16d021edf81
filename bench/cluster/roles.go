package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime/pprof"
	"strconv"
	"time"

	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/embed"
	"parfor.dev/parfor/internal/clusterwatch"
)

const (
	roleEnv    = "PARFOR_BENCH_ROLE"  // what this program is when it is started again
	atEnv      = "PARFOR_BENCH_AT"    // the folder or address that the role needs
	slotsEnv   = "PARFOR_BENCH_SLOTS" // how many the agent has
	profileEnv = "PARFOR_BENCH_PROFILE"
	slots      = 200
)

// profile begins the CPU profile of this process, if there is to be one, and
// returns what ends it.
func profile(name string) (end func()) {
	dir := os.Getenv(profileEnv)
	if dir == "" {
		return func() {}
	}
	f, err := os.Create(dir + "/" + name + ".pprof")
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return func() {}
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}
}

// play is a child: it ends when its standard input does, which it does whatever
// ends the program; an interrupt alone leaves it the time to clean up.
func play(role string) error {
	signal.Ignore(os.Interrupt)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	at := os.Getenv(atEnv)
	defer profile(role)()
	switch role {
	case "server":
		s, err := embed.Open(ctx, at)
		if err != nil {
			return err
		}
		<-ctx.Done()
		return s.Close()
	case "agent":
		n, err := strconv.Atoi(os.Getenv(slotsEnv))
		if err != nil {
			return err
		}
		return cluster.Serve(ctx, at, cluster.Goroutines(n))
	case "agents":
		n, err := strconv.Atoi(os.Getenv(slotsEnv))
		if err != nil {
			return err
		}
		return agents(ctx, at, n)
	case "workers":
		n, err := strconv.Atoi(os.Getenv(slotsEnv))
		if err != nil {
			return err
		}
		return workers(ctx, at, n)
	case "asynq":
		return asynqWorker(ctx, at)
	case "redis":
		return serveRedis(ctx, at)
	}
	return fmt.Errorf("no such role: %s", role)
}

// child is a process that was started, and what ends it.
type child struct {
	cmd *exec.Cmd
	in  io.Closer
}

func start(cmd *exec.Cmd) (child, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return child{}, err
	}
	if cmd.Stderr == nil {
		cmd.Stderr = os.Stderr
	}
	return child{cmd, in}, cmd.Start()
}

func startRole(role, at string, env ...string) (child, error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"="+role, atEnv+"="+at)
	cmd.Env = append(cmd.Env, env...)
	return start(cmd)
}

func (c child) end() {
	if c.cmd == nil || c.cmd.Process == nil {
		return
	}
	c.in.Close()
	c.cmd.Wait()
}

// parforSide is a server, an agent and an executor.
type parforSide struct {
	dir, url string
	agent    child
	children []child
	executor *cluster.Executor
}

func startOurs() (side, error) {
	s, err := startServer()
	if err != nil {
		return nil, err
	}
	return s, nil
}

func startServer() (s *parforSide, err error) {
	s = &parforSide{}
	defer func() {
		if err != nil {
			s.end()
		}
	}()
	if s.dir, err = os.MkdirTemp("", "parfor-bench"); err != nil {
		return s, err
	}
	c, err := startRole("server", s.dir)
	if err != nil {
		return s, err
	}
	s.children = append(s.children, c)
	var here *embed.Server
	if err = eventually(func() bool {
		if _, err := os.Stat(s.dir + "/address.json"); err != nil {
			return false
		}
		here, err = embed.Open(context.Background(), s.dir)
		return err == nil
	}); err != nil {
		return s, err
	}
	if here.Runs() {
		return s, errors.New("the server runs in this program")
	}
	s.url = here.URL()
	s.executor, err = cluster.Connect(context.Background(), s.url)
	return s, err
}

// ready has an agent with the slots of the case.
func (s *parforSide) ready(c workload) error { return s.agentOf(c.slots) }

func (s *parforSide) once(c workload, n int) (sample, error) {
	sent := clusterwatch.OwnerIn("default")
	before := sent.Chunks.Load()
	got, err := c.ours(s.executor, n)
	got.messages = int(sent.Chunks.Load() - before)
	return got, err
}

// agentOf has an agent with n slots in place of the one before.
func (s *parforSide) agentOf(n int) (err error) {
	s.agent.end()
	if s.agent, err = startRole("agent", s.url, slotsEnv+"="+strconv.Itoa(n)); err != nil {
		return err
	}
	return eventually(func() bool { return s.executor.Slots() == n })
}

func (s *parforSide) end() {
	if s.executor != nil {
		s.executor.Close()
	}
	s.agent.end()
	for i := len(s.children) - 1; i >= 0; i-- {
		s.children[i].end()
	}
	os.RemoveAll(s.dir)
}

// eventually waits for what another process does.
func eventually(is func() bool) error {
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return errors.New("it takes more than 20 s to start")
		}
	}
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
