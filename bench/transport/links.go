//go:build unix

package main

import (
	"os"
	"time"
)

// kind is a way to reach the other process. Both processes list the same ones
// in the same order.
type kind struct {
	name    string
	files   int                                   // descriptors that the other process inherits
	open    func() (ours link, theirs []*os.File) // in the program
	inherit func(fd int) link                     // in the other process: the first of them
}

// link is one process's end.
type link interface {
	serve(o order) uint64 // in the other process
	close()
}

// limit is the way that all ratios are to.
const limit = "ring, spinning"

const (
	ownRings   = "parfor's rings, spinning"
	sharedFile = "shared file"
)

// links lists all ways.
func links(spin time.Duration) []kind {
	ks := streamKinds()
	for _, s := range sleepers() {
		ks = append(ks, ringKind("ring, "+s.name, s, 0))
	}
	for _, s := range sleepers() {
		ks = append(ks, ringKind("ring, "+s.name+" after spinning", s, spin))
	}
	return append(ks, ringKind(limit, sleeper{}, 0),
		kind{ownRings, 1, openShm, inheritShm},
		kind{sharedFile, 1, openShared, inheritShared})
}

// streamKinds lists the ways that the system has.
func streamKinds() []kind {
	return []kind{
		{"pipes, poller", 2, func() (link, []*os.File) { return openPipes(true) }, func(fd int) link { return inheritStream(fd, fd+1, true) }},
		{"pipes, blocking", 2, func() (link, []*os.File) { return openPipes(false) }, func(fd int) link { return inheritStream(fd, fd+1, false) }},
		{"socketpair, poller", 1, func() (link, []*os.File) { return openSocket(true) }, func(fd int) link { return inheritStream(fd, fd, true) }},
		{"socketpair, blocking", 1, func() (link, []*os.File) { return openSocket(false) }, func(fd int) link { return inheritStream(fd, fd, false) }},
	}
}

// talkers are the names of the ways that carry messages of any size.
func talkers() (names []string) {
	for _, k := range links(*spin) {
		if k.name != ownRings && k.name != sharedFile {
			names = append(names, k.name)
		}
	}
	return names
}
