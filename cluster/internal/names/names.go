// Package names has the names of everything parfor keeps in NATS: streams,
// subjects, lanes. names.go has the names, lane.go which program runs what,
// streams.go the streams, and ensure.go makes them.
package names

import (
	"fmt"
	"strconv"
	"strings"
)

// Space is a namespace: loops and agents of one don't see those of another. It
// separates, it doesn't protect.
type Space string

// Check reports a name that can't be one.
func (s Space) Check() error {
	if s == "" || len(s) > 32 || strings.Trim(string(s), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("the namespace %q is not of 1 to 32 letters a-z, digits and dashes", string(s))
	}
	return nil
}

// Names of streams and buckets.
func (s Space) Tasks() string   { return "PF_" + string(s) + "_T" }
func (s Space) Results() string { return "PF_" + string(s) + "_R" }
func (s Space) Loops() string   { return "PF_" + string(s) + "_L" }
func (s Space) Dead() string    { return "PF_" + string(s) + "_DLQ" }
func (s Space) Blobs() string   { return "PF_" + string(s) + "_B" }
func (s Space) Agents() string  { return "PF_" + string(s) + "_AGENTS" }
func (s Space) Entries() string { return "KV_" + s.Agents() } // the bucket's stream

func (s Space) under(kind string) string { return "pf." + string(s) + "." + kind + "." }

// Loop names a run of a loop: who began it, and its number there. Its two parts
// are two tokens of a subject, so that one filter sees all loops of a program.
type Loop struct {
	Program string
	Run     uint64
}

func (l Loop) String() string { return l.Program + "." + strconv.FormatUint(l.Run, 10) }

// ParseLoop reads what String made.
func ParseLoop(text string) (l Loop, ok bool) {
	program, run, ok := strings.Cut(text, ".")
	if !ok || program == "" {
		return l, false
	}
	n, err := strconv.ParseUint(run, 10, 64)
	return Loop{program, n}, err == nil && !strings.Contains(program, ".")
}

const loopLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

// Named is a loop that has a name of its own, whichever program runs it. Each
// program that does has a run of its own; run 0 has what they share. No program's
// own name begins so.
func Named(name string, run uint64) (l Loop, err error) {
	if name == "" || len(name) > 64 || strings.Trim(name, loopLetters) != "" {
		return l, fmt.Errorf("the name of a loop, %q, is not of 1 to 64 letters, digits, _ and -", name)
	}
	return Loop{"=" + name, run}, nil
}

// Shared is where all runs of a named loop keep what they share.
func (l Loop) Shared() Loop { return Loop{l.Program, 0} }

// Home is where the loop's items are that are too large for a message: all runs of
// a named loop have the same.
func (l Loop) Home() Loop {
	if l.Program[0] == '=' {
		return l.Shared()
	}
	return l
}

// Chunk is the subject of a chunk of a loop's items.
func (s Space) Chunk(lane string, l Loop, n uint64) string {
	return s.under("t") + lane + "." + l.String() + "." + strconv.FormatUint(n, 10)
}

// ChunksOf matches the chunks of a loop, LaneOf those of a lane.
func (s Space) ChunksOf(lane string, l Loop) string {
	return s.under("t") + lane + "." + l.String() + ".>"
}
func (s Space) LaneOf(lane string) string { return s.under("t") + lane + ".>" }

// Result is the subject of a proposal.
func (s Space) Result(l Loop, item int, round uint32) string {
	return s.under("r") + l.String() + "." + strconv.Itoa(item) + "." + strconv.FormatUint(uint64(round), 10)
}

// ResultsOf matches the results of a loop, ResultsFor those of a program's loops.
func (s Space) ResultsOf(l Loop) string          { return s.under("r") + l.String() + ".>" }
func (s Space) ResultsFor(program string) string { return s.under("r") + program + ".>" }

// Mark is the subject of a mark among a loop's results.
func (s Space) Mark(l Loop, mark string) string { return s.under("r") + l.String() + ".mark." + mark }

// MarkAt returns the mark of such a subject.
func (s Space) MarkAt(subject string) (mark string, ok bool) {
	rest, found := strings.CutPrefix(subject, s.under("r"))
	f := strings.Split(rest, ".")
	if !found || len(f) != 4 || f[2] != "mark" {
		return "", false
	}
	return f[3], true
}

// Try is the subject of a note that an agent is about to begin an item that came
// back without a verdict, for the nth time.
func (s Space) Try(l Loop, item int, round uint32, nth int) string {
	return fmt.Sprintf("%s%s.try-%d-%d.%d", s.under("r"), l, item, round, nth)
}

// Spec and Log are the subjects of a loop's constants and of its commit log.
func (s Space) Spec(l Loop) string   { return s.under("l") + l.String() + ".spec" }
func (s Space) Log(l Loop) string    { return s.under("l") + l.String() + ".log" }
func (s Space) LoopOf(l Loop) string { return s.under("l") + l.String() + ".>" }

// Piece is the subject of a piece of something large of a loop; PiecesOf matches
// all of it, BlobsOf everything large of the loop.
func (s Space) Piece(l Loop, name string, n int) string {
	return s.under("b") + l.String() + "." + name + "." + strconv.Itoa(n)
}
func (s Space) PiecesOf(l Loop, name string) string {
	return s.under("b") + l.String() + "." + name + ".>"
}
func (s Space) BlobsOf(l Loop) string { return s.under("b") + l.String() + ".>" }

// BlobsFor matches everything large of a program's loops, or of a named one.
func (s Space) BlobsFor(program string) string { return s.under("b") + program + ".>" }

// Lease is where a program says that it lives: for a named loop, or for all
// others of its own. LeaseOf takes it apart, Leases matches all.
func (s Space) Lease(program string) string { return s.under("l") + program + ".0.lease" }
func (s Space) Leases() string              { return s.under("l") + "*.0.lease" }
func (s Space) LeaseOf(subject string) (program string, ok bool) {
	rest, found := strings.CutPrefix(subject, s.under("l"))
	program, last, _ := strings.Cut(rest, ".")
	return program, found && last == "0.lease"
}

// Items is the subject of a page of a named loop's items, ItemsOf matches all.
func (s Space) Items(l Loop, first int) string {
	return s.under("l") + l.Shared().String() + ".items." + strconv.Itoa(first)
}
func (s Space) IsItems(subject string) bool {
	f := strings.Split(subject, ".")
	return len(f) == 7 && f[5] == "items"
}
func (s Space) ItemsOf(l Loop) string { return s.under("l") + l.Shared().String() + ".items.>" }

// RecordsFor matches what a program, or the programs of a named loop, have in the
// loops stream, and ChunksFor their chunks in any lane.
func (s Space) RecordsFor(program string) string { return s.under("l") + program + ".>" }
func (s Space) ChunksFor(program string) string  { return s.under("t") + "*." + program + ".>" }

// Poison is the subject of the copy of an item that its agents died of.
func (s Space) Poison(lane string, l Loop, item int) string {
	return s.under("dlq") + lane + "." + l.String() + "." + strconv.Itoa(item)
}

// Orders is where owners tell all agents something. It is no subject of a
// stream: a stream would answer in the agents' place.
func (s Space) Orders() string { return s.under("ctl") + "orders" }

// UsedUp is where servers tell that they deliver a chunk no more.
func (s Space) UsedUp() string {
	return "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES." + s.Tasks() + ".>"
}

// Questions is where tasks ask the owner of their loop about its dictionaries.
func (s Space) Questions(program string) string { return s.under("ask") + program }

// StreamOf is the stream that stores what is sent to a subject.
func (s Space) StreamOf(subject string) string {
	for kind, stream := range map[string]string{"t": s.Tasks(), "r": s.Results(), "l": s.Loops(), "b": s.Blobs(), "dlq": s.Dead()} {
		if strings.HasPrefix(subject, s.under(kind)) {
			return stream
		}
	}
	return "KV_" + s.Agents()
}

// ChunkAt takes the subject of a chunk apart.
func (s Space) ChunkAt(subject string) (l Loop, n uint64, ok bool) {
	rest, found := strings.CutPrefix(subject, s.under("t"))
	f := strings.Split(rest, ".")
	if !found || len(f) != 4 {
		return l, 0, false
	}
	l, ok = ParseLoop(f[1] + "." + f[2])
	n, err := strconv.ParseUint(f[3], 10, 64)
	return l, n, ok && err == nil
}

// ResultAt takes the subject of a result apart, as far as its loop.
func (s Space) ResultAt(subject string) (l Loop, ok bool) {
	rest, found := strings.CutPrefix(subject, s.under("r"))
	f := strings.Split(rest, ".")
	if !found || len(f) != 4 {
		return l, false
	}
	return ParseLoop(f[0] + "." + f[1])
}
