//go:build unix && !linux

package shm

import "os"

const mapNoReserve = 0

func nameless() (*os.File, error) { return unlinked() }

// punch does nothing here: the area's blocks are used again by its next payload.
func punch(*os.File, int64, int64) {}

// holds doesn't know here: the file is on a disk, which may store it as it likes.
func holds(os.FileInfo, uint64) bool { return true }
