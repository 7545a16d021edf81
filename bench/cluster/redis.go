package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
)

// redisServer is a server with an empty store, whose log is written every second.
type redisServer struct {
	child
	at string
}

func startRedis() (r redisServer, err error) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return r, fmt.Errorf("redis-server: %w", errMissing)
	}
	port, err := freePort()
	if err != nil {
		return r, err
	}
	r.at = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if r.child, err = startRole("redis", strconv.Itoa(port)); err != nil {
		return r, err
	}
	err = eventually(func() bool {
		c, err := net.Dial("tcp", r.at)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	if err != nil {
		r.end()
	}
	return r, err
}

// serveRedis is the role: the server ends with it, and so with this program
// however that ends.
func serveRedis(ctx context.Context, port string) error {
	dir, err := os.MkdirTemp("", "parfor-bench-redis")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	err = exec.CommandContext(ctx, "redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", dir,
		"--appendonly", "yes", "--appendfsync", "everysec", "--save", "").Run()
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("redis-server: %w", err)
}
