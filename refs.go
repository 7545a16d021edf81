package parfor

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

// lineup holds references by the index of their item. Indexes that it holds at
// once must be less than its length apart.
type lineup []int32

func (q lineup) put(index int, ref int32) { q[index%len(q)] = ref + 1 }

// take removes the reference of an index, if there is one.
func (q lineup) take(index int) (int32, bool) {
	at := &q[index%len(q)]
	ref := *at - 1
	*at = 0
	return ref, ref >= 0
}

// has reports whether there is one.
func (q lineup) has(index int) bool { return q[index%len(q)] > 0 }
