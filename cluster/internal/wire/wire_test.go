package wire

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"
)

func chunk(c *Chunk) []byte {
	b := AppendChunkHead(nil, c, len(c.Items))
	for i := range c.Items {
		half := len(c.Items[i].Bytes) / 2
		b = AppendItem(b, &c.Items[i], c.Items[i].Bytes[:half], c.Items[i].Bytes[half:])
	}
	return b
}

func part(p *Part) []byte {
	b := AppendPartHead(nil, p.Agent, len(p.Proposals))
	for i := range p.Proposals {
		b = AppendProposal(b, &p.Proposals[i])
	}
	return b
}

// samples are messages of every kind, with how they are written and read.
var samples = []struct {
	name    string
	message any
	encode  func(any) []byte
	decode  func([]byte) (any, error)
}{
	{"chunk", &Chunk{Serial: true, Limited: true, Left: -time.Second, Items: []Item{
		{Index: 0, Attempt: 1, Bytes: []byte("seven")}, {Index: math.MaxInt, Attempt: math.MaxInt32, Round: math.MaxUint32, Away: true, Bytes: []byte{}}}},
		func(m any) []byte { return chunk(m.(*Chunk)) }, func(b []byte) (any, error) { return DecodeChunk(b) }},
	{"part", &Part{Agent: "a7", Proposals: []Proposal{
		{Index: 3, Round: 1, Kind: OK, Worker: 2, PID: 77, Took: time.Millisecond, Bytes: []byte("result"), Writes: []byte("writes")},
		{Index: 4, Kind: Failed, Away: true, Bytes: []byte{}, Writes: []byte{}}}},
		func(m any) []byte { return part(m.(*Part)) }, func(b []byte) (any, error) { return DecodePart(b) }},
	{"spec", &Spec{Name: "n", Body: "main.post", Timeout: time.Second, Grace: time.Minute, Serializable: true, Owner: 7, Program: 1 << 63, Run: 9,
		Journal: []byte{1}, Ignores: []string{"d"}, Args: []Arg{{"t", []byte("x")}}, Values: []Arg{{"v", []byte{}}}, Away: []byte("r")},
		func(m any) []byte { return AppendSpec(nil, m.(*Spec)) }, func(b []byte) (any, error) { return DecodeSpec(b) }},
	{"commit", &Commit{Owner: "o", Number: 4, Consumed: []uint64{7, 8, 100}, Refused: []int{9, 3},
		Changes: []Change{{Number: 9, Bytes: []byte("k=v")}, {Number: 10, Bytes: []byte{}, Away: true}}},
		func(m any) []byte { return AppendCommit(nil, m.(*Commit)) }, func(b []byte) (any, error) { return DecodeCommit(b) }},
	{"snapshot", &Commit{Owner: "o", Number: 5, Snapshot: true, Upto: 100, Done: []uint64{0, 12, math.MaxUint64}},
		func(m any) []byte { return AppendCommit(nil, m.(*Commit)) }, func(b []byte) (any, error) { return DecodeCommit(b) }},
	{"ask", &Ask{Loop: "a.1", Agent: "b", Number: 7, Done: 5, Index: 3, Round: 1, Claimant: 1 << 62, After: 99, Kind: 1, Req: []byte("get")},
		func(m any) []byte { return AppendAsk(nil, m.(*Ask)) }, func(b []byte) (any, error) { return DecodeAsk(b) }},
	{"answer", &Answer{Number: 7, Failed: true, Bytes: []byte("no")},
		func(m any) []byte { return AppendAnswer(nil, m.(*Answer)) }, func(b []byte) (any, error) { return DecodeAnswer(b) }},
	{"entry", &Entry{Host: "h", PID: 12, Slots: 8, Draining: true, Lanes: []string{"post-x", "get-y"}},
		func(m any) []byte { return AppendEntry(nil, m.(*Entry)) }, func(b []byte) (any, error) { return DecodeEntry(b) }},
	{"order", &Order{Action: Kill, Loop: "a.1", Index: 5, Round: 2, Cause: []byte("why")},
		func(m any) []byte { return AppendOrder(nil, m.(*Order)) }, func(b []byte) (any, error) { return DecodeOrder(b) }},
	{"lease", &Lease{Owner: "o", Host: "h", PID: 7, Life: 30, Keep: 3600, Free: true, Run: 5, Origin: math.MaxUint64, Print: "p", Sealed: true, Items: 9},
		func(m any) []byte { return AppendLease(nil, m.(*Lease)) }, func(b []byte) (any, error) { return DecodeLease(b) }},
	{"page", []Kept{{0, false, []byte("a")}, {7, true, []byte("bc")}},
		func(m any) []byte {
			b := AppendPageHead(nil, len(m.([]Kept)))
			for _, k := range m.([]Kept) {
				b = AppendKept(b, k.Index, k.Away, nil, k.Bytes)
			}
			return b
		}, func(b []byte) (any, error) { return DecodePage(b) }},
	{"holding", &Holding{Agent: "a", Chunks: []uint64{0, 1, 9}},
		func(m any) []byte { return AppendHolding(nil, m.(*Holding)) }, func(b []byte) (any, error) { return DecodeHolding(b) }},
}

func TestRoundTrip(t *testing.T) {
	for _, s := range samples {
		b := s.encode(s.message)
		got, err := s.decode(b)
		if err != nil || !reflect.DeepEqual(got, s.message) {
			t.Errorf("%s: %+v, %v", s.name, got, err)
		}
	}
}

// What is cut short, goes on, or comes from another release is refused.
func TestRefused(t *testing.T) {
	for _, s := range samples {
		b := s.encode(s.message)
		for n := range len(b) {
			if _, err := s.decode(b[:n]); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s cut at %d: %v", s.name, n, err)
			}
		}
		if _, err := s.decode(append(bytes.Clone(b), 0)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s with a byte more: %v", s.name, err)
		}
		other := bytes.Clone(b)
		other[0] = Version + 1
		if _, err := s.decode(other); !errors.Is(err, ErrVersion) {
			t.Errorf("%s of another version: %v", s.name, err)
		}
	}
}

// FuzzDecode feeds every decoder the same bytes. What one accepts must be
// written and read again to the same message.
func FuzzDecode(f *testing.F) {
	for _, s := range samples {
		f.Add(s.encode(s.message))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, s := range samples {
			m, err := s.decode(b)
			if err != nil {
				continue
			}
			again, err := s.decode(s.encode(m))
			if err != nil || !reflect.DeepEqual(m, again) {
				t.Errorf("%s: %+v became %+v, %v", s.name, m, again, err)
			}
		}
	})
}
