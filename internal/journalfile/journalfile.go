// Package journalfile is the file that makes a loop resumable: records are
// added at its end, and those that were reported written are there after the
// process was killed at any moment.
//
// A file is 16 bytes of preamble and records one after the other. What they
// hold is opaque to this package, apart from the key of a finished item: the
// last record of a key is the one that counts. The order of the records is the
// order of the calls of Append, and so that of the commits.
//
// frame.go is how a record lies in the file, header.go its first one, record.go
// the others; scan.go reads them, tail.go tells a torn tail from damage;
// writer.go adds records, sync.go makes them last, open.go begins or resumes a
// file, compact.go rewrites it without what is dead, lock_*.go keeps a second
// writer out.
package journalfile

// Version of the format that this package writes, and the only one it reads.
const Version = 1

// Limits of a file.
const (
	// MaxRecord bounds the bytes of one record: the result of one item and what
	// it wrote. A dictionary takes 64 MiB of one item, a pool 64 MiB of result.
	MaxRecord = 256 << 20
	// maxHeader bounds the header, which is read before anything is known.
	maxHeader = 64 << 10
	// maxPending bounds what waits to be written: who adds more waits itself.
	maxPending = 1 << 20
	// maxSpare bounds the memory that is kept for the next records.
	maxSpare = 2 << 20
)
