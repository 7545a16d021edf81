package output

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"parfor.dev/parfor/cmd/parfor/internal/child/spill"
)

// hold has the jobs that wait for those before them. Up to a limit they stay
// in memory; what is beyond, and what has a file of its own, as a thousand
// waiting jobs can't, goes to the end of one file. The file begins anew once
// nothing in it is waiting.
type hold struct {
	jobs   map[int]Job
	next   int // Seq whose turn it is
	memory int64
	limit  int64
	dir    string
	file   *os.File // nil: not needed so far
	end    int64
	filed  int // contents in the file
}

func newHold(limit int64, dir string) *hold {
	return &hold{jobs: map[int]Job{}, next: 1, limit: limit, dir: dir}
}

// put takes a job. After an error it is held all the same, as it came.
func (h *hold) put(j Job) error {
	if _, twice := h.jobs[j.Seq]; twice || j.Seq < h.next {
		return errors.Join(fmt.Errorf("job %d has been printed already", j.Seq), j.close())
	}
	var err error
	if j.Seq != h.next { // else it is taken at once
		for _, c := range []*Content{&j.Stdout, &j.Stderr} {
			if *c != nil && err == nil {
				err = h.store(c)
				if err != nil {
					err = fmt.Errorf("the output of %s, which waits for its turn: %w", j.Key, err)
				}
			}
		}
	}
	h.jobs[j.Seq] = j
	return err
}

// store puts a content where it can wait.
func (h *hold) store(c *Content) error {
	if (*c).Len() == 0 {
		err := (*c).Close()
		*c = nil
		return err
	}
	if size := (*c).Resident(); size >= (*c).Len() && h.memory+size <= h.limit {
		h.memory += size
		*c = resident{*c, h, size}
		return nil
	}
	if h.file == nil {
		f, err := spill.New(h.dir)
		if err != nil {
			return err
		}
		h.file = f
	}
	n, err := (*c).WriteTo(io.NewOffsetWriter(h.file, h.end))
	if err != nil {
		return fmt.Errorf("it could not be kept behind %d bytes of others: %w: set TMPDIR to another place, or leave out --keep-order, without which nothing waits", h.end, err)
	}
	err = (*c).Close()
	*c = &filed{h, h.end, n}
	h.end += n
	h.filed++
	return err
}

// take returns the job whose turn it is.
func (h *hold) take() (Job, bool) {
	j, ok := h.jobs[h.next]
	if ok {
		delete(h.jobs, h.next)
		h.next++
	}
	return j, ok
}

// rest takes all jobs, in order.
func (h *hold) rest() []Job {
	var all []Job
	for _, seq := range slices.Sorted(maps.Keys(h.jobs)) {
		all = append(all, h.jobs[seq])
		h.next = seq + 1
	}
	clear(h.jobs)
	return all
}

func (h *hold) close() error {
	if h.file == nil {
		return nil
	}
	err := h.file.Close()
	h.file = nil
	return err
}

// resident is a content that waits in memory.
type resident struct {
	Content
	in   *hold
	size int64
}

func (r resident) Close() error {
	r.in.memory -= r.size
	return r.Content.Close()
}

// filed is a content that waits in the file.
type filed struct {
	in    *hold
	at, n int64
}

func (f *filed) Len() int64      { return f.n }
func (f *filed) Resident() int64 { return 0 }

func (f *filed) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, io.NewSectionReader(f.in.file, f.at, f.n))
}

// Close begins the file anew if it was the last in it.
func (f *filed) Close() error {
	if f.in.filed--; f.in.filed > 0 {
		return nil
	}
	f.in.end = 0
	return f.in.file.Truncate(0)
}
