// Package trio runs three servers that form one cluster, each in a process of
// its own so that they can be killed, for tests. Everything listens on loopback.
package trio

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const size = 3

// Trio is three servers. Its methods are for one goroutine at a time.
type Trio struct {
	t       testing.TB
	members [size]member
	running [size]*running
}

// member is what a server is told.
type member struct {
	Name                string
	Dir                 string
	Client, Route, HTTP int // ports
	Routes              []string
}

type running struct {
	cmd *exec.Cmd
	in  io.Closer
}

// Start starts three servers and waits until they have a leader. They are killed
// when the test ends. The program that it is called in must begin with Main.
func Start(t testing.TB) *Trio {
	t.Helper()
	c := &Trio{t: t}
	ports := free(t, 3*size)
	dir := t.TempDir()
	var routes []string
	for i := range size {
		routes = append(routes, "nats://"+address(ports[3*i+1]))
	}
	for i := range size {
		name := "n" + strconv.Itoa(i)
		c.members[i] = member{Name: name, Dir: filepath.Join(dir, name), Client: ports[3*i], Route: ports[3*i+1], HTTP: ports[3*i+2], Routes: routes}
	}
	for i := range size {
		c.Start(i)
	}
	t.Cleanup(func() {
		for i := range size {
			c.Kill(i)
		}
	})
	c.MetaLeader()
	c.Together()
	return c
}

// Together waits until every server knows that all are there.
func (c *Trio) Together() {
	c.t.Helper()
	c.find("the three", func(s *stats) string {
		if len(s.Meta.Replicas) != size-1 { // the leader alone lists them
			return ""
		}
		for _, r := range s.Meta.Replicas {
			if !r.Current || r.Offline {
				return ""
			}
		}
		return s.Meta.Leader
	})
}

// Start starts a server that doesn't run.
func (c *Trio) Start(i int) {
	c.t.Helper()
	config, err := json.Marshal(c.members[i])
	if err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), memberOf+"="+string(config))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.running[i] = &running{cmd: cmd, in: in}
}

// Kill kills a server, if it runs.
func (c *Trio) Kill(i int) { c.stop(i, syscall.SIGKILL) }

// Stop ends a server in order, and waits for that.
func (c *Trio) Stop(i int) { c.stop(i, syscall.SIGTERM) }

func (c *Trio) stop(i int, s syscall.Signal) {
	r := c.running[i]
	if r == nil {
		return
	}
	r.cmd.Process.Signal(s) // fails if it ended by itself
	r.cmd.Wait()
	r.in.Close()
	c.running[i] = nil
}

// URL is where clients find the servers.
func (c *Trio) URL() string {
	var all []string
	for i := range size {
		all = append(all, c.URLOf(i))
	}
	return strings.Join(all, ",")
}

// URLOf is where clients find one server.
func (c *Trio) URLOf(i int) string { return "nats://" + address(c.members[i].Client) }

// AddressOf is its host and port.
func (c *Trio) AddressOf(i int) string { return address(c.members[i].Client) }

// MetaLeader waits for a leader of the cluster and returns which one it is.
func (c *Trio) MetaLeader() int {
	c.t.Helper()
	return c.find("the cluster", func(s *stats) string { return s.Meta.Leader })
}

// LeaderOf waits for a leader of a stream and returns which server it is.
func (c *Trio) LeaderOf(stream string) int {
	c.t.Helper()
	return c.find(stream, func(s *stats) string {
		for _, a := range s.Accounts {
			for _, d := range a.Streams {
				if d.Name == stream && d.Cluster != nil {
					return d.Cluster.Leader
				}
			}
		}
		return ""
	})
}

// stats is what a server says of itself, as far as it matters here.
type stats struct {
	Meta struct {
		Leader   string `json:"leader"`
		Replicas []struct {
			Current bool `json:"current"`
			Offline bool `json:"offline"`
		} `json:"replicas"`
	} `json:"meta_cluster"`
	Accounts []struct {
		Streams []struct {
			Name    string `json:"name"`
			Cluster *struct {
				Leader string `json:"leader"`
			} `json:"cluster"`
		} `json:"stream_detail"`
	} `json:"account_details"`
}

// find asks the servers that run until one names a leader that runs, too.
func (c *Trio) find(what string, leader func(*stats) string) int {
	c.t.Helper()
	client := &http.Client{Timeout: 2 * time.Second}
	defer client.CloseIdleConnections()
	for end := time.Now().Add(40 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for i := range size {
			if c.running[i] == nil {
				continue
			}
			s, err := ask(client, c.members[i].HTTP)
			if err != nil {
				continue
			}
			name := leader(s)
			for j, m := range c.members {
				if m.Name == name && c.running[j] != nil {
					return j
				}
			}
		}
	}
	c.t.Fatalf("%s has no leader", what)
	return -1
}

func ask(client *http.Client, port int) (*stats, error) {
	r, err := client.Get(fmt.Sprintf("http://%s/jsz?accounts=true&streams=true", address(port)))
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	s := &stats{}
	return s, json.NewDecoder(r.Body).Decode(s)
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// free finds ports that nobody listens on.
func free(t testing.TB, n int) (ports []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}
