package main

import (
	"io"
	"net/rpc"
	"os"
	"os/exec"
)

// rpcMark in the environment makes this program a net/rpc server on its
// standard input and output.
const rpcMark = "BENCH_RPC"

// Adder is the service.
type Adder struct{}

// Increment is the same body as parfor's.
func (Adder) Increment(n int, reply *int) error { *reply = n + 1; return nil }

type peer struct {
	*rpc.Client
	cmd *exec.Cmd
}

type duplex struct {
	io.ReadCloser
	io.WriteCloser
}

func (d duplex) Close() error { d.ReadCloser.Close(); return d.WriteCloser.Close() }

func serveRPC() {
	must(rpc.Register(Adder{}))
	rpc.ServeConn(duplex{os.Stdin, os.Stdout})
}

func startRPC(n int) []*peer {
	peers := make([]*peer, n)
	for i := range peers {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), rpcMark+"=1")
		in, err := cmd.StdinPipe()
		must(err)
		out, err := cmd.StdoutPipe()
		must(err)
		must(cmd.Start())
		peers[i] = &peer{rpc.NewClient(duplex{out, in}), cmd}
	}
	return peers
}

func stopRPC(peers []*peer) {
	for _, p := range peers {
		p.Close()
		p.cmd.Wait()
	}
}

func callOne(p *peer, n int) (reply int) {
	must(p.Call("Adder.Increment", n, &reply))
	return reply
}
