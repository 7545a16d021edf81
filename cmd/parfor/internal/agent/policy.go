package agent

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
)

// policy is what the agent of this program may do for who uses its cluster.
type policy struct {
	env []string // variables that headers of requests may have
}

var allowed atomic.Pointer[policy]

// ErrRefused marks what this agent doesn't do.
var ErrRefused = errors.New("refused by the agent")

// variable reports whether requests may send a variable of the environment:
// else who may have requests sent could have any secret of the agent's sent to
// himself.
func variable(name string) error {
	if p := allowed.Load(); p != nil && slices.Contains(p.env, name) {
		return nil
	}
	return fmt.Errorf("%w: the environment's %s may not be sent: start it with --allow-env %s", ErrRefused, name, name)
}
