package process

import (
	"crypto/rand"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync/atomic"

	"parfor.dev/parfor/internal/arena"
	"parfor.dev/parfor/internal/shm"
	"parfor.dev/parfor/internal/task"
)

// spawner starts processes on a thread that lives as long as the pool: the
// kernel sends a worker's parent-death signal when the thread that forked it
// ends, and the runtime's threads come and go (golang/go#27505).
type spawner struct {
	orders chan func()
	done   chan struct{}
}

func startSpawner() *spawner {
	s := &spawner{orders: make(chan func()), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread() // all its workers are gone
		for f := range s.orders {
			f()
		}
	}()
	return s
}

// start starts a process, on the processor if it is not negative.
func (s *spawner) start(path string, args []string, attr *os.ProcAttr, cpu int) (p *os.Process, err error) {
	done := make(chan struct{})
	start := func() error {
		p, err = os.StartProcess(path, args, attr)
		return err
	}
	s.orders <- func() {
		defer close(done)
		if cpu >= 0 {
			err = bound(cpu, start)
			return
		}
		start()
	}
	<-done
	return p, err
}

func (s *spawner) end() {
	close(s.orders)
	<-s.done
}

// spawn starts a worker process, with everything it needs inherited: nobody
// else can connect to it, and nothing has a name.
func (p *Pool) spawn(o *owner) (*proc, error) {
	pr := &proc{owner: o, read: make(chan struct{})}
	var nonce [8]byte
	rand.Read(nonce[:])
	secret := binary.LittleEndian.Uint64(nonce[:])
	mem, err := shm.Create(p.slots, secret, o.identity())
	if err != nil {
		return nil, fmt.Errorf("parfor: memory for a worker: %w", err)
	}
	pr.mem, pr.requests = mem, mem.Requests()
	for i := range p.slots {
		pr.readers = append(pr.readers, mem.Reader(i))
	}
	ends, err := openPipes()
	if err != nil {
		mem.Close()
		return nil, fmt.Errorf("parfor: pipes for a worker: %w", err)
	}
	path, err := executable()
	if err != nil {
		ends.close()
		mem.Close()
		return nil, err
	}
	if pr.tempDir, err = p.shelter.room(); err != nil {
		ends.close()
		mem.Close()
		return nil, err
	}
	attr := &os.ProcAttr{Dir: p.dir, Env: p.environment(secret, pr.tempDir), Sys: attributes(),
		Files: []*os.File{ends.null, ends.outW, ends.errW, ends.ctlR, ends.bellR, ends.upW, mem.File(), sharedMemory(ends.null), p.life.of(ends.null)}}
	pr.peak.begin()
	pr.process, err = p.spawner.start(path, workerArgs(), attr, p.processor(o.id))
	ends.closeChild()
	if err != nil {
		ends.closeParent()
		mem.Close()
		p.clear(pr.tempDir)
		return nil, fmt.Errorf("parfor: starting a worker: %w", err)
	}
	pr.pid = pr.process.Pid
	pr.term.maxRSS = jittered(p.maxRSS)
	pr.up, pr.bell = ends.upR, ends.bellW
	pr.bellConn, _ = ends.bellW.SyscallConn() // fails only for a nil file
	pr.ctl = startOutbox(ends.ctlW)
	pr.stdout = p.output.forward(ends.outR, pr, false)
	pr.stderr = p.output.forward(ends.errR, pr, true)
	go pr.listen()
	return pr, nil
}

// lives numbers the lives of workers of all pools.
var lives atomic.Uint64

// sharedMemory is the arena in which dictionaries lie that workers read. A
// program without dictionaries, or a system without such memory, has none.
func sharedMemory(none *os.File) *os.File {
	if task.NeedIdentity {
		if a, err := arena.Program(); err == nil {
			return a.File()
		}
	}
	return none
}

// environment of a worker: the program's at this moment, what options add, and
// the guard.
func (p *Pool) environment(nonce uint64, tempDir string) []string {
	env := append(append(p.base(), raceEnv()...), p.env...)
	if tempDir != "" {
		env = append(env, "TMPDIR="+tempDir)
	}
	own := true
	for _, v := range env {
		if strings.HasPrefix(v, "GOMAXPROCS=") {
			own = false
		}
	}
	if own {
		env = append(env, fmt.Sprintf("GOMAXPROCS=%d", p.width()))
	}
	return append(lastWins(env), guardValue(nonce, own, p.limits.encode(), p.init))
}

// width is GOMAXPROCS of a worker.
func (p *Pool) width() int {
	if len(p.cpus) > 0 {
		return 1
	}
	return max(1, runtime.GOMAXPROCS(0)/int(p.most.Load()))
}

// workerArgs are the program's own, so that a worker has the same flags. A test
// binary is told to run no test, in case it has no TestMain that calls Main:
// behind the other flags, since the last one counts, and before what is none.
func workerArgs() []string {
	if flag.Lookup("test.run") == nil {
		return os.Args
	}
	at := len(os.Args) - flag.NArg()
	if at > 1 && os.Args[at-1] == "--" {
		at--
	}
	args := append([]string(nil), os.Args[:at]...)
	args = append(args, "-test.run=^$")
	return append(args, os.Args[at:]...)
}

// pipes are both ends of what ties a worker to its pool.
type pipes struct {
	null                                                       *os.File
	outR, outW, errR, errW, ctlR, ctlW, bellR, bellW, upR, upW *os.File
}

func openPipes() (e *pipes, err error) {
	e = &pipes{}
	if e.null, err = os.Open(os.DevNull); err != nil {
		return nil, err
	}
	for _, pair := range [][2]**os.File{{&e.outR, &e.outW}, {&e.errR, &e.errW}, {&e.ctlR, &e.ctlW}, {&e.bellR, &e.bellW}, {&e.upR, &e.upW}} {
		if *pair[0], *pair[1], err = os.Pipe(); err != nil {
			e.close()
			return nil, err
		}
	}
	return e, nil
}

func (e *pipes) closeChild() {
	closeAll(e.null, e.outW, e.errW, e.ctlR, e.bellR, e.upW)
}

func (e *pipes) closeParent() {
	closeAll(e.outR, e.errR, e.ctlW, e.bellW, e.upR)
}

func (e *pipes) close() {
	e.closeChild()
	e.closeParent()
}

func closeAll(fs ...*os.File) {
	for _, f := range fs {
		if f != nil {
			f.Close()
		}
	}
}
