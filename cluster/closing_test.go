package cluster_test

import (
	"os"
	"sync"
	"testing"

	"parfor.dev/parfor/cluster/embed"
)

// A server that ends waits some milliseconds for each lane it had, of which a test
// program has a hundred. So servers end beside the tests that follow, which wait for
// none of them.
var closing struct {
	sync.WaitGroup
	sync.Mutex
	failed []error
}

// closeLater ends a server of a finished test, and removes its folder.
func closeLater(s *embed.Server, dir string) {
	closing.Go(func() {
		err := s.Close()
		if err == nil {
			err = os.RemoveAll(dir)
		}
		if err != nil {
			closing.Lock()
			defer closing.Unlock()
			closing.failed = append(closing.failed, err)
		}
	})
}

// tests are the package's, with the servers that end beside them.
type tests struct{ m *testing.M }

func (t tests) Run() int {
	code := t.m.Run()
	closing.Wait()
	for _, err := range closing.failed {
		os.Stderr.WriteString("a server of the tests: " + err.Error() + "\n")
		code = max(code, 1)
	}
	return code
}
