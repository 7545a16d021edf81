// Package agent is the side of a cluster that runs tasks: it takes chunks of
// items from the lanes of its program's functions, has an executor of this
// machine run them, and proposes what came of them.
//
// agent.go begins and ends an agent, entry.go is its place in the registry,
// orders.go what owners tell it. lane.go takes chunks from a lane, as many as
// credit.go allows; held.go is a chunk in its hands, beat.go what keeps it there.
// work.go is a loop as the executor sees it, open.go how it begins and ends, and
// propose.go the way back; ask.go is what tasks ask the owner of its dictionaries
// meanwhile. suspect.go is for items that agents died of.
package agent
