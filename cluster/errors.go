package cluster

import (
	"parfor.dev/parfor/cluster/internal/link"
	"parfor.dev/parfor/cluster/internal/owner"
)

// Errors of loops on a cluster, for errors.Is.
var (
	// ErrNoWorker means that no agent runs the loop's function in the version that
	// the program has, and none came within [WaitForAgents]. The text says whether
	// there are others.
	ErrNoWorker = owner.ErrNoWorker
	// ErrPoison means that the agents that began an item died, one after the other
	// ([MaxDeliveries]). Attempts don't help it; a copy of the item is in the dead
	// letter stream.
	ErrPoison = owner.ErrPoison
	// ErrOwned means that another program has the loop: it took it over, and what
	// this one would report no longer counts; or it lives, and this one can't have it.
	ErrOwned = owner.ErrOwned
	// ErrLost means that the cluster no longer has what the loop gave it: a server
	// that kept it in memory was restarted.
	ErrLost = owner.ErrLost
	// ErrNoStore means that a server is there and has stored nothing for half a
	// minute, as happens when its disk is full. What it had before it still has: a
	// loop with a name goes on when there is room.
	ErrNoStore = link.ErrNoStore
	// ErrMismatch means that the loop that has this name in the cluster is another
	// one: it runs another function, or other items.
	ErrMismatch = owner.ErrMismatch
	// ErrNoLoop means that the cluster has no loop of the name to attach to.
	ErrNoLoop = owner.ErrNoLoop
	// ErrUnsealed means that the loop's program ended before all its items were in
	// the cluster: only the same program, run again, can go on with it.
	ErrUnsealed = owner.ErrUnsealed
	// ErrInsecure means that a server beyond this machine is to be used without TLS
	// or without credentials.
	ErrInsecure = link.ErrInsecure
	// ErrDenied means that the servers deny this program's user something that it
	// needs, or don't take its credentials. The text names the subject.
	// [WorkerACL] is what an agent needs.
	ErrDenied = link.ErrDenied
)
