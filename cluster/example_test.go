package cluster_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/embed"
)

// A server, an agent and a loop, which would be three programs on three machines.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "parfor")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	server, err := embed.Open(ctx, dir)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	serving, drain := context.WithCancel(ctx) // signal.NotifyContext in a program
	ended := make(chan error)
	go func() { ended <- cluster.Serve(serving, server.URL(), cluster.Processes(2)) }()

	x, err := cluster.Connect(ctx, server.URL())
	if err != nil {
		log.Fatal(err)
	}
	squares, err := parfor.Map(ctx, []int{1, 2, 3, 4}, square, parfor.On(x))
	fmt.Println(squares, err)
	fmt.Println("left:", x.Close())

	drain()
	fmt.Println("agent:", <-ended)
	// Output:
	// [1 4 9 16] <nil>
	// left: <nil>
	// agent: <nil>
}

func ExampleConnect() {
	ctx := context.Background()
	_, err := cluster.Connect(ctx, "nats://queue.example.org:4222")
	fmt.Println(err)
	// Output:
	// parfor: a server beyond this machine takes a tls:// address and credentials: whoever reaches it can run this program's functions, and read what they are given and return
}

func ExampleServe() {
	ctx := context.Background()
	err := cluster.Serve(ctx, "nats://127.0.0.1:4222", cluster.WaitForAgents(time.Minute))
	fmt.Println(err)
	// Output:
	// parfor: invalid option: WaitForAgents is for cluster.Connect
}

func ExampleWorkerACL() {
	acl, err := cluster.WorkerACL("default")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, hears, _ := strings.Cut(acl, "subscribe")
	fmt.Print("subscribe", hears)
	// Output:
	// subscribe: {
	//     allow: [
	//       "_INBOX_PF_default_agent.>"
	//       "pf.default.ctl.orders"
	//     ]
	//   }
	// }
}

func ExampleQueue() {
	fmt.Println(cluster.Queue("default", "1", "post"))
	// Output: PF_default_T post-hd3g7hmjmgs74a33 <nil>
}
