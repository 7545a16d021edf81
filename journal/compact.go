package journal

import "parfor.dev/parfor/internal/journalfile"

// Compaction is what [Compact] or [Repair] did.
type Compaction struct {
	Before, After int64 // bytes of the file
	Items         int   // that are done in it
}

// Compact rewrites the journal at path without what is dead: results that a
// later one of the same item replaced, and a torn tail. What those items wrote
// to dictionaries stays. A loop that opens a journal does this by itself where
// more than half of a file over 1 MiB is dead.
//
// The file is replaced in one step, whole and synced; after an error it is as
// it was. It blocks while it reads and writes the file, needs room for the new
// one, and returns a [*LockedError] while a loop has it.
func Compact(path string) (Compaction, error) {
	c, err := journalfile.Compact(path)
	return Compaction(c), err
}

// Repair gives up what comes after the damage of a file, a [*DamagedError]: the
// entries before it become the journal, those after it are not done any more,
// and their items run again. The damaged file stays beside it, under its path
// with ".damaged" behind it; if there is such a file already, that is the
// error. Without damage it is [Compact].
func Repair(path string) (Compaction, error) {
	c, err := journalfile.Repair(path)
	return Compaction(c), err
}
