package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// The journal is JSON lines, so that any tool reads it. Its first line is the
// head, each other line a record with the name of its task. The last member of
// a line is a checksum of what stands before it in the line: a line that was
// not written whole, or has changed since, doesn't have the right one.

const version = 1

// head is the first line of a journal.
type head struct {
	Parfor   string    `json:"parfor"` // "results"
	Version  int       `json:"version"`
	Template string    `json:"template"` // what is run for whatever item
	Build    string    `json:"build,omitempty"`
	Begun    time.Time `json:"begun"`
}

// Kept is a record with the name of the task that it is the result of.
type Kept struct {
	record.Record
	Task string `json:"task,omitempty"`
}

// castagnoli is made when it is first used, not whenever the program starts.
var castagnoli = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

const (
	sumMember = `,"sum":"`
	sumLen    = len(sumMember) + 8 + len(`"}`)
)

// seal makes a line of a JSON object.
func seal(object []byte) []byte {
	line := append(object[:len(object)-1], sumMember...)
	sum := crc32.Checksum(line[:len(line)-len(sumMember)], castagnoli())
	line = append(line, fmt.Sprintf("%08x", sum)...)
	return append(line, "\"}\n"...)
}

// unseal takes the object out of a line, or says that it is damaged.
func unseal(line []byte) (object []byte, ok bool) {
	line = bytes.TrimSuffix(line, []byte("\n"))
	n := len(line) - sumLen
	if n < 1 || string(line[n:n+len(sumMember)]) != sumMember || string(line[len(line)-2:]) != `"}` {
		return nil, false
	}
	sum, err := strconv.ParseUint(string(line[n+len(sumMember):len(line)-2]), 16, 32)
	if err != nil || uint32(sum) != crc32.Checksum(line[:n], castagnoli()) {
		return nil, false
	}
	return append(line[:n:n], '}'), true
}

// scan reads a journal from its beginning: the head, then f for each record with
// its offset. It returns how far the whole lines go; what is beyond that is the
// beginning of a line that was never finished. Damage before the last line is
// an error.
func scan(r io.Reader, name string, f func(off int64, k Kept) error) (h head, end int64, err error) {
	in := bufio.NewReaderSize(r, 1<<20)
	for first := true; ; first = false {
		line, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return h, end, err
		}
		if err == io.EOF && len(line) == 0 {
			if first {
				return h, 0, errNoHead
			}
			return h, end, nil
		}
		object, ok := unseal(line)
		if !ok || err == io.EOF { // without its newline a line is not whole, whatever it holds
			if _, more := in.ReadByte(); more == io.EOF && !first {
				return h, end, nil // torn
			}
			if first {
				return h, 0, errNoHead
			}
			return h, end, fmt.Errorf("%s is damaged at byte %d: the line there is not as it was written; what stands before it is good: cut the file there and --resume, or --force to start over", name, end)
		}
		if first {
			if err := json.Unmarshal(object, &h); err != nil || h.Parfor != "results" {
				return h, 0, errNoHead
			}
			if h.Version != version {
				return h, 0, fmt.Errorf("%s was written by another version of parfor (its version is %d, this program's %d)", name, h.Version, version)
			}
		} else {
			var k Kept
			if err := json.Unmarshal(object, &k); err != nil {
				return h, end, fmt.Errorf("%s: the record at byte %d: %w", name, end, err)
			}
			if err := f(end, k); err != nil {
				return h, end, err
			}
		}
		end += int64(len(line))
	}
}

// errNoHead is a file that was never a journal, or ended before it was one.
var errNoHead = errors.New("no journal of results")

// journal is one that is written.
type journal struct {
	f    *os.File
	size int64 // of the whole lines
	rows int   // records

	syncing  sync.WaitGroup
	mu       sync.Mutex
	synced   time.Time
	busy     bool
	syncErr  error
	interval time.Duration
}

// append writes a line in one write. What could not be written whole is cut off
// again.
func (j *journal) append(object []byte) (off int64, err error) {
	line := seal(object)
	if _, err := j.f.WriteAt(line, j.size); err != nil {
		return 0, j.failed(err)
	}
	off = j.size
	j.size += int64(len(line))
	return off, j.sync()
}

func (j *journal) failed(err error) error {
	_ = j.f.Truncate(j.size) // the file has its whole lines; a torn one is cut when it is read, too
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("%s: %w; %d results are safe in it: make room, then --resume", j.f.Name(), err, j.rows)
}

// sync has what is written brought to the disk, now and then, without waiting
// for it. That guards against a loss of power; a killed program loses nothing
// that was written.
func (j *journal) sync() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.syncErr != nil {
		return j.failed(j.syncErr)
	}
	if j.busy || time.Since(j.synced) < j.interval {
		return nil
	}
	j.busy = true
	j.syncing.Go(func() {
		err := j.f.Sync()
		j.mu.Lock()
		j.busy, j.synced, j.syncErr = false, time.Now(), err
		j.mu.Unlock()
	})
	return nil
}

func (j *journal) close() error {
	j.syncing.Wait()
	return errors.Join(j.syncErr, j.f.Sync(), j.f.Close())
}
