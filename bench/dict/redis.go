package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net"
	"time"

	"parfor.dev/parfor"
)

var redis = flag.String("redis", "", "unix socket of a Redis server, to run beside each row of worker processes")

// order is one batch for Redis: the commands of a pipeline.
type order struct {
	Socket, Op string
	Span       span
	Texts      bool
}

type wire struct {
	net.Conn
	in  *bufio.Reader
	out *bufio.Writer
}

var connections = parfor.PerWorker(func(ctx context.Context) (*wire, error) {
	c, err := net.Dial("unix", parfor.Arg[order](ctx).Socket)
	if err != nil {
		return nil, err
	}
	return &wire{c, bufio.NewReader(c), bufio.NewWriter(c)}, nil
}, func(w *wire) error { return w.Close() })

// pipeline sends the commands of a batch at once and reads all answers.
func pipeline(ctx context.Context, s span) error {
	w, err := connections.Get(ctx)
	if err != nil {
		return err
	}
	o := parfor.Arg[order](ctx)
	for i := s.Lo; i < s.Lo+s.N; i++ {
		k := i
		switch o.Op {
		case "read", "add", "fill":
			k = s.spread(i)
		case "few":
			k = i % 100
		}
		name, value := fmt.Sprint(k), fmt.Sprint(k)
		if o.Texts {
			name, value = key(k), value64
		}
		switch o.Op {
		case "insert", "fill":
			command(w.out, "HSET", "d", name, value)
		case "read", "scan":
			command(w.out, "HGET", "d", name)
		default:
			command(w.out, "HINCRBY", "d", name, "1")
		}
	}
	if err := w.out.Flush(); err != nil {
		return err
	}
	for range s.N {
		line, err := w.in.ReadString('\n')
		if err != nil || line[0] == '-' {
			return fmt.Errorf("redis: %q, %w", line, err)
		}
		if line[0] == '$' && line[1] != '-' {
			if _, err := w.in.ReadString('\n'); err != nil {
				return err
			}
		}
	}
	return nil
}

var _ = parfor.RegisterEach(pipeline)

func command(w *bufio.Writer, words ...string) {
	fmt.Fprintf(w, "*%d\r\n", len(words))
	for _, s := range words {
		fmt.Fprintf(w, "$%d\r\n%s\r\n", len(s), s)
	}
}

// redisRate runs one row on Redis from the pool's worker processes.
func redisRate(ctx context.Context, pool parfor.Executor, op string, texts bool, keys, per int) float64 {
	o := order{Socket: *redis, Op: op, Texts: texts}
	reads := op == "read" || op == "scan"
	flush(*redis)
	count := min(keys, 100_000) // it does some hundred thousand a second
	if reads {                  // they must be there
		o.Op = map[string]string{"read": "fill", "scan": "insert"}[op]
		must(parfor.Each(ctx, spans(count, 100, keys), pipeline, parfor.On(pool), parfor.With(o)))
		o.Op = op
	}
	items := spans(count, per, keys)
	begin := time.Now()
	must(parfor.Each(ctx, items, pipeline, parfor.On(pool), parfor.With(o)))
	return float64(count) / time.Since(begin).Seconds()
}

func flush(socket string) {
	c, err := net.Dial("unix", socket)
	must(err)
	defer c.Close()
	out := bufio.NewWriter(c)
	command(out, "FLUSHALL")
	must(out.Flush())
	_, err = bufio.NewReader(c).ReadString('\n')
	must(err)
}
