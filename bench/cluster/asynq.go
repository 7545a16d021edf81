package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/hibiken/asynq"
)

// kept is how long asynq keeps a result.
const kept = 10 * time.Minute

type quiet struct{}

func (quiet) Debug(...any) {}
func (quiet) Info(...any)  {}
func (quiet) Warn(...any)  {}
func (quiet) Error(...any) {}
func (quiet) Fatal(...any) {}

// asynqWorker runs tasks until ctx ends.
func asynqWorker(ctx context.Context, at string) error {
	s := asynq.NewServer(asynq.RedisClientOpt{Addr: at}, asynq.Config{Concurrency: slots, Logger: quiet{}, TaskCheckInterval: 5 * time.Millisecond})
	mux := asynq.NewServeMux()
	mux.HandleFunc("int", func(_ context.Context, t *asynq.Task) error {
		n := binary.LittleEndian.Uint64(t.Payload())
		_, err := t.ResultWriter().Write(binary.LittleEndian.AppendUint64(nil, n*n))
		return err
	})
	mux.HandleFunc("echo", func(_ context.Context, t *asynq.Task) error {
		_, err := t.ResultWriter().Write(t.Payload())
		return err
	})
	mux.HandleFunc("nap", func(_ context.Context, t *asynq.Task) error {
		time.Sleep(10 * time.Millisecond)
		_, err := t.ResultWriter().Write(t.Payload())
		return err
	})
	if err := s.Start(mux); err != nil {
		return err
	}
	<-ctx.Done()
	s.Shutdown()
	return nil
}

// asynqSide is a Redis server, a worker process and a client.
type asynqSide struct {
	dir       string
	redis     *exec.Cmd
	worker    child
	client    *asynq.Client
	inspector *asynq.Inspector
}

func startAsynq() (a *asynqSide, err error) {
	a = &asynqSide{}
	defer func() {
		if err != nil {
			a.end()
		}
	}()
	if a.dir, err = os.MkdirTemp("", "parfor-bench-redis"); err != nil {
		return a, err
	}
	port, err := freePort()
	if err != nil {
		return a, err
	}
	at := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	a.redis = exec.Command("redis-server", "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", a.dir,
		"--appendonly", "yes", "--appendfsync", "everysec", "--save", "")
	if err := a.redis.Start(); err != nil {
		return a, fmt.Errorf("redis-server: %w", err)
	}
	if err := eventually(func() bool {
		c, err := net.Dial("tcp", at)
		if err == nil {
			c.Close()
		}
		return err == nil
	}); err != nil {
		return a, err
	}
	if a.worker, err = startRole("asynq", at); err != nil {
		return a, err
	}
	a.client = asynq.NewClient(asynq.RedisClientOpt{Addr: at})
	a.inspector = asynq.NewInspector(asynq.RedisClientOpt{Addr: at})
	return a, eventually(func() bool {
		servers, err := a.inspector.Servers()
		return err == nil && len(servers) == 1
	})
}

func (a *asynqSide) end() {
	if a.client != nil {
		a.client.Close()
		a.inspector.Close()
	}
	if a.worker.cmd != nil {
		a.worker.end()
	}
	if a.redis != nil && a.redis.Process != nil {
		a.redis.Process.Kill()
		a.redis.Wait()
	}
	os.RemoveAll(a.dir)
}

// asynqLoop enqueues n tasks from 16 goroutines and waits until all are completed.
// Their results are written, and not read: that would take a request each.
func asynqLoop(kind string, size int) func(*asynqSide, int) (time.Duration, error) {
	return func(a *asynqSide, n int) (time.Duration, error) {
		queues, err := a.inspector.Queues()
		if err == nil && len(queues) > 0 {
			_, err = a.inspector.DeleteAllCompletedTasks("default")
		}
		if err != nil {
			return 0, err
		}
		began := time.Now()
		var all sync.WaitGroup
		const clients = 16
		errs := make([]error, clients)
		for c := range clients {
			all.Go(func() {
				for i := c; i < n && errs[c] == nil; i += clients {
					payload := make([]byte, size)
					binary.LittleEndian.PutUint64(payload, uint64(i))
					_, errs[c] = a.client.Enqueue(asynq.NewTask(kind, payload), asynq.Retention(kept))
				}
			})
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			return 0, err
		}
		for {
			q, err := a.inspector.GetQueueInfo("default")
			if err != nil {
				return 0, err
			}
			if q.Completed == n {
				return time.Since(began), nil
			}
			if time.Since(began) > 2*time.Minute {
				return 0, fmt.Errorf("%d of %d are completed after two minutes", q.Completed, n)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// asynqOneByOne looks for each result again and again, for nothing tells of it.
func asynqOneByOne(a *asynqSide, n int) (time.Duration, error) {
	latencies = nil
	began := time.Now()
	for range n {
		at := time.Now()
		info, err := a.client.Enqueue(asynq.NewTask("int", make([]byte, 8)), asynq.Retention(kept))
		if err != nil {
			return 0, err
		}
		for {
			t, err := a.inspector.GetTaskInfo("default", info.ID)
			if err != nil {
				return 0, err
			}
			if t.State == asynq.TaskStateCompleted {
				break
			}
			time.Sleep(200 * time.Microsecond)
		}
		latencies = append(latencies, time.Since(at))
	}
	return time.Since(began), nil
}
