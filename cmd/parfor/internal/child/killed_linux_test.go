package child

import (
	"bufio"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"
)

func init() { helpers["brood"] = brood }

// TestKilledWhileItForks kills -9 a process that does nothing but start
// commands, each of which would last for minutes. They hold a pipe: that nobody
// does any more at last says that none of them has outlived it, those included
// that were between fork and exec.
func TestKilledWhileItForks(t *testing.T) {
	for range 20 {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd := again(t, "brood")
		cmd.ExtraFiles = []*os.File{w}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		w.Close()
		said := bufio.NewReader(out)
		for range 1 + rand.IntN(40) {
			if _, err := said.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		cmd.Process.Kill()
		cmd.Wait()
		r.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Error("somebody is left: ", err)
		}
		r.Close()
	}
}

// brood starts commands that hold descriptor 3, for ever, and a line for each.
func brood() int {
	hold := os.NewFile(3, "hold")
	var broods sync.WaitGroup
	for range 8 {
		broods.Go(func() {
			for {
				os.Stdout.WriteString("started\n")
				Run(context.Background(), &Command{Argv: []string{"sleep", "300"}, StdinFrom: hold, Timeout: 5 * time.Millisecond, Grace: -1})
			}
		})
	}
	broods.Wait()
	return 0
}
