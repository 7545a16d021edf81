package main

import (
	"bufio"
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// scripts drive the peers that are written in Python.
//
//go:embed py/*.py
var scripts embed.FS

var python = flag.String("python", "/usr/bin/python3", "a Python 3 that has celery, redis and distributed")

// patience is how long a case of a peer in Python may take.
const patience = 5 * time.Minute

// pythonSide is a driver, py/driver.py, and what it needs.
type pythonSide struct {
	dir   string
	redis redisServer
	child
	answers *bufio.Reader
}

// answer is a line of the driver's.
type answer struct {
	Version   string
	Missing   string
	Error     string
	Seconds   float64
	Latencies []float64
}

func startCelery() (side, error) {
	redis, err := startRedis()
	if err != nil {
		return nil, err
	}
	p, err := startPython("celery", "redis://"+redis.at)
	if err != nil {
		redis.end()
		return nil, err
	}
	p.redis = redis
	return p, nil
}

func startDask() (side, error) { return startPython("dask", "") }

func startPython(name, at string) (p *pythonSide, err error) {
	if _, err := exec.LookPath(*python); err != nil {
		return nil, fmt.Errorf("%s: %w", *python, errMissing)
	}
	p = &pythonSide{}
	defer func() {
		if err != nil {
			p.end()
		}
	}()
	if p.dir, err = os.MkdirTemp("", "parfor-bench-"+name); err != nil {
		return p, err
	}
	files, err := scripts.ReadDir("py")
	if err != nil {
		return p, err
	}
	for _, f := range files {
		b, err := scripts.ReadFile("py/" + f.Name())
		if err == nil {
			err = os.WriteFile(filepath.Join(p.dir, f.Name()), b, 0o600)
		}
		if err != nil {
			return p, err
		}
	}
	log, err := os.Create(filepath.Join(p.dir, "log"))
	if err != nil {
		return p, err
	}
	defer log.Close()
	cmd := exec.Command(*python, name+"_peer.py")
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), atEnv+"="+at, "DASK_CONFIG="+p.dir)
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return p, err
	}
	p.answers = bufio.NewReader(out)
	if p.child, err = start(cmd); err != nil {
		return p, err
	}
	a, err := p.answer()
	if err != nil {
		return p, err
	}
	if a.Missing != "" {
		return p, fmt.Errorf("%w: %s", errMissing, a.Missing)
	}
	fmt.Printf("%s %s\n", name, a.Version)
	return p, nil
}

// answer waits for a line of the driver's.
func (p *pythonSide) answer() (a answer, err error) {
	// A driver whose input ends ends what it does, and so its output.
	defer time.AfterFunc(patience, func() { p.in.Close() }).Stop()
	line, err := p.answers.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &a)
	}
	if err == nil && a.Error != "" {
		err = errors.New(a.Error)
	}
	if err != nil {
		err = fmt.Errorf("%w; its log ends with:\n%s", err, p.tail())
	}
	return a, err
}

// tail is the end of the log.
func (p *pythonSide) tail() []byte {
	b, _ := os.ReadFile(filepath.Join(p.dir, "log"))
	return b[max(0, len(b)-2000):]
}

// ready has nothing to do: the driver knows which workers a case needs.
func (p *pythonSide) ready(workload) error { return nil }

func (p *pythonSide) once(c workload, n int) (sample, error) {
	if _, err := fmt.Fprintln(p.in.(io.Writer), c.name, n); err != nil {
		return sample{}, fmt.Errorf("%w; its log ends with:\n%s", err, p.tail())
	}
	a, err := p.answer()
	s := sample{n: n, took: seconds(a.Seconds)}
	for _, l := range a.Latencies {
		s.latencies = append(s.latencies, seconds(l))
	}
	slices.Sort(s.latencies)
	return s, err
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func (p *pythonSide) end() {
	p.child.end()
	p.redis.end()
	os.RemoveAll(p.dir)
}
