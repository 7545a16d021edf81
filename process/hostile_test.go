//go:build unix

package process

import (
	"context"
	"encoding/binary"
	"os"
	"testing"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/shm"
	"parfor.dev/parfor/internal/wire"
)

// ledgerJob is a job that counts the verdicts on its tasks.
type ledgerJob struct {
	spec     engine.Spec
	verdicts map[int]int
}

func (j *ledgerJob) Spec() *engine.Spec             { return &j.spec }
func (j *ledgerJob) Take([]engine.Task) (int, bool) { return 0, false }
func (j *ledgerJob) Pending() int                   { return 0 }
func (j *ledgerJob) AppendItem(b []byte, _ engine.Task) ([]byte, []byte, error) {
	return b, nil, nil
}
func (j *ledgerJob) Settle(_ engine.Task, o *engine.Outcome) {
	_ = append(append([]byte(nil), o.Out...), o.Writes...) // they can be read
}
func (j *ledgerJob) Finish(t engine.Task, _ *engine.Outcome) { j.verdicts[t.Index]++ }
func (j *ledgerJob) Return(ts []engine.Task) {
	for _, t := range ts {
		j.verdicts[t.Index]++
	}
}

// hostileOwner is an owner whose worker is the test: its memory is on the heap.
func hostileOwner(t *testing.T, slots int) (*owner, *ledgerJob, *share) {
	p := &Pool{options: options{slots: slots}}
	o := newOwner(p, 0)
	p.owners.Store(&[]*owner{o})
	p.most.Store(1)
	p.supervisor = &supervisor{pool: p, wake: make(chan struct{}, 1)}
	p.recruiter = &recruiter{pool: p, wake: make(chan struct{}, 1)}
	o.cost = make([]float64, 1)
	pr := &proc{owner: o, mem: shm.Twin(slots), reaped: true}
	pr.requests = pr.mem.Requests()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAll(r, w) })
	pr.bellConn, _ = w.SyscallConn()
	for i := range slots {
		pr.readers = append(pr.readers, pr.mem.Reader(i))
	}
	o.proc = pr
	o.fresh()
	j := &ledgerJob{verdicts: map[int]int{}}
	j.spec = engine.Spec{Name: "fuzz", Ctx: context.Background(), Meter: meter.New("fuzz", "processes", 1, 0, nil)}
	a := &attachment{pool: p, job: j, spec: &j.spec, id: 1}
	sh := &share{attachment: a, shard: j.spec.Meter.Shard(0)}
	o.shares[a] = sh
	return o, j, sh
}

// FuzzWorkersMemory overwrites the memory of a worker that has finished some of its
// tasks, has begun one and has others waiting. Whatever is in it, the owner neither
// panics nor waits, and each task has one verdict in the end.
func FuzzWorkersMemory(f *testing.F) {
	const tasks = 12
	f.Add(uint8(1), uint8(3), uint32(0), []byte("x"))
	f.Add(uint8(1), uint8(3), uint32(4096), make([]byte, 128))                                     // the status
	f.Add(uint8(2), uint8(5), uint32(4096), []byte{255, 255, 255, 255, 255, 255, 255, 255})        // Finished
	f.Add(uint8(1), uint8(2), uint32(8192), make([]byte, 64*tasks))                                // the requests
	f.Add(uint8(1), uint8(4), uint32(8192+4096*64+1<<20), []byte{96, 0, 0, 0, 255, 255})           // results
	f.Add(uint8(1), uint8(4), uint32(8192+4096*64+1<<20), []byte{48, 0, 0, 0, 255, 0, 0, 0, 0, 9}) // a large one
	f.Add(uint8(1), uint8(2), uint32(8192+3*64), binary.LittleEndian.AppendUint64(nil, 3<<16|uint64(shm.Revoked)))
	f.Fuzz(func(t *testing.T, slots, done uint8, at uint32, garbage []byte) {
		o, j, sh := hostileOwner(t, 1+int(slots)%3)
		for i := range tasks {
			if !o.put(sh, engine.Task{Index: i, Attempt: 1}, make([]byte, 20*i), nil) {
				t.Fatal("no room")
			}
		}
		workSome(t, o.proc.mem, int(done)%tasks)
		raw := o.proc.mem.Raw()
		copy(raw[int(at)%len(raw):], garbage)
		o.drain()
		for range 5 {
			o.drain()
			oldest, begun := o.words()
			o.deaf(oldest, len(begun))
			o.overlong(begun, auditTime)
			o.revoke(1, engine.Task{Index: 7, Attempt: 1})
			o.giveTail()
		}
		sweptAway := 0
		for range o.taken.at {
			sweptAway++
		}
		o.sweep()
		o.settle(&death{code: -1})
		had := 0
		for i := range tasks {
			had += j.verdicts[i]
			if j.verdicts[i] > 1 {
				t.Errorf("task %d has %d verdicts", i, j.verdicts[i])
			}
		}
		if had+sweptAway != tasks || o.held != 0 {
			t.Errorf("%d verdicts, %d revoked, %d of %d tasks are held", had, sweptAway, o.held, tasks)
		}
	})
}

// workSome does what a worker does: n tasks, and the beginning of one more.
func workSome(t *testing.T, m *shm.Memory, n int) {
	q := m.Queue()
	for i := range n + 1 {
		slot := i % m.Slots()
		r, pos, ok := q.Claim(slot)
		if !ok {
			t.Fatal("nothing to claim")
		}
		in, _, err := q.Payload(r)
		if err != nil {
			t.Fatal(err)
		}
		m.Status(slot).Current.Store(pos + 1)
		if i == n {
			return
		}
		if err := m.Writer(slot).Put(&shm.Result{Pos: pos, Out: in, Writes: []byte("w")}, func() { t.Fatal("would wait") }); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzFramesOfAWorker gives arbitrary bytes to a pool as what its worker says.
func FuzzFramesOfAWorker(f *testing.F) {
	f.Add(wire.Append(wire.Append(nil, wire.Hello, []byte("12345678")), wire.Bell, nil))
	f.Add(wire.Append(nil, wire.Call, wire.AppendCall(nil, 1, 1, []byte("question"))))
	f.Add(wire.Append(nil, wire.InitFailed, []byte{1, 2, 3}))
	f.Add(wire.Append(nil, wire.Leaving, []byte{0}))
	f.Add(wire.Append(nil, wire.Quit, nil))
	f.Fuzz(func(t *testing.T, said []byte) {
		o, _, _ := hostileOwner(t, 1)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		o.proc.up, o.proc.read = r, make(chan struct{})
		go func() {
			w.Write(said) // the reader may have left
			w.Close()
		}()
		o.proc.listen()
		if !o.proc.ended.Load() {
			t.Error("the end was not seen")
		}
		for _, c := range o.proc.takeCalls() {
			serveCall(c)
		}
		o.proc.initError()
		o.proc.mailBad()
	})
}

// FuzzFramesOfAPool gives arbitrary payloads to a worker as what its pool says of
// loops and answers.
func FuzzFramesOfAPool(f *testing.F) {
	f.Add(uint8(wire.Open), wire.AppendLoop(nil, &wire.Loop{ID: announced | 3, Name: "x", Args: []wire.Arg{{Name: "a", Encoded: []byte("b")}}}))
	f.Add(uint8(wire.Cancel), wire.AppendCancel(nil, announced|3, []byte{0}))
	f.Add(uint8(wire.Close), wire.AppendCancel(nil, announced|3, nil))
	f.Add(uint8(wire.Reply), wire.AppendCall(nil, 1, 0, []byte("answer")))
	f.Fuzz(func(t *testing.T, kind uint8, b []byte) {
		w := &worker{}
		w.loops.init(1)
		w.calls.waiting = map[uint64]chan answer{1: make(chan answer, 1)}
		for range 2 {
			switch wire.Type(kind) {
			case wire.Open:
				w.loops.open(b)
			case wire.Cancel:
				w.loops.cancel(b)
			case wire.Close:
				w.loops.close(b)
			case wire.Reply:
				w.calls.reply(b)
			}
		}
		for _, l := range w.loops.known {
			l.end()
		}
	})
}
