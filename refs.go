package parfor

import "sort"

// refs is a queue of entry numbers in a ring of fixed size: a stream has as
// many entries as its window, so no queue of them can be longer.
type refs struct {
	ring []int32
	head int
	n    int
}

func (q *refs) init(size int) { q.ring = make([]int32, size) }
func (q *refs) len() int      { return q.n }

func (q *refs) at(i int) *int32 { return &q.ring[(q.head+i)%len(q.ring)] }

func (q *refs) push(ref int32) {
	*q.at(q.n) = ref
	q.n++
}

func (q *refs) pushFront(ref int32) {
	q.head = (q.head + len(q.ring) - 1) % len(q.ring)
	q.n++
	*q.at(0) = ref
}

func (q *refs) peek() (int32, bool) {
	if q.n == 0 {
		return -1, false
	}
	return *q.at(0), true
}

func (q *refs) pop() (int32, bool) {
	ref, ok := q.peek()
	if ok {
		q.head = (q.head + 1) % len(q.ring)
		q.n--
	}
	return ref, ok
}

// insert keeps the queue sorted. Items mostly finish in order, so the place is
// near the end.
func (q *refs) insert(ref int32, less func(a, b int32) bool) {
	at := sort.Search(q.n, func(i int) bool { return less(ref, *q.at(i)) })
	q.push(ref)
	for i := q.n - 1; i > at; i-- {
		*q.at(i) = *q.at(i - 1)
	}
	*q.at(at) = ref
}
