package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
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
	redis     redisServer
	worker    child
	client    *asynq.Client
	inspector *asynq.Inspector
}

func startAsynq() (side, error) {
	redis, err := startRedis()
	if err != nil {
		return nil, err
	}
	at := asynq.RedisClientOpt{Addr: redis.at}
	a := &asynqSide{redis: redis, client: asynq.NewClient(at), inspector: asynq.NewInspector(at)}
	if a.worker, err = startRole("asynq", redis.at); err == nil {
		err = eventually(func() bool {
			servers, err := a.inspector.Servers()
			return err == nil && len(servers) == 1
		})
	}
	if err != nil {
		a.end()
		return nil, err
	}
	return a, nil
}

// ready has nothing to do: the one worker is there for all cases.
func (a *asynqSide) ready(workload) error { return nil }

func (a *asynqSide) once(c workload, n int) (sample, error) { return c.asynq(a, n) }

func (a *asynqSide) end() {
	a.client.Close()
	a.inspector.Close()
	a.worker.end()
	a.redis.end()
}

// asynqLoop enqueues n tasks from 16 goroutines and waits until all are completed.
// Their results are written, and not read: that would take a request each.
func asynqLoop(kind string, size int) func(*asynqSide, int) (sample, error) {
	return func(a *asynqSide, n int) (sample, error) {
		queues, err := a.inspector.Queues()
		if err == nil && len(queues) > 0 {
			_, err = a.inspector.DeleteAllCompletedTasks("default")
		}
		if err != nil {
			return sample{}, err
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
			return sample{}, err
		}
		for {
			q, err := a.inspector.GetQueueInfo("default")
			if err != nil {
				return sample{}, err
			}
			if q.Completed == n {
				return sample{n: n, took: time.Since(began)}, nil
			}
			if time.Since(began) > 2*time.Minute {
				return sample{}, fmt.Errorf("%d of %d are completed after two minutes", q.Completed, n)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// asynqOneByOne looks for each result again and again, for nothing tells of it.
func asynqOneByOne(a *asynqSide, n int) (sample, error) {
	return eachTimed(n, func(int) error {
		info, err := a.client.Enqueue(asynq.NewTask("int", make([]byte, 8)), asynq.Retention(kept))
		if err != nil {
			return err
		}
		for {
			t, err := a.inspector.GetTaskInfo("default", info.ID)
			if err != nil || t.State == asynq.TaskStateCompleted {
				return err
			}
			time.Sleep(200 * time.Microsecond)
		}
	})
}
