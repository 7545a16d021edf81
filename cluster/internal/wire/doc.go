// Package wire is the format of everything that travels between the programs
// of a cluster. Each message begins with a version; each decoder is bounded by
// the bytes that are there, and has a fuzzer.
//
// chunk.go is the way there, part.go the way back, spec.go a loop's constants,
// commit.go its owner's log, ask.go what tasks ask it of dictionaries, lease.go says
// that the owner lives, page.go keeps items, entry.go the registry of agents, order.go what an
// owner tells them; reader.go reads.
package wire
