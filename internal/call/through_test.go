package call

import (
	"reflect"
	"testing"
)

func TestThroughTravels(t *testing.T) {
	defer func() { ToOwner = nil }()
	sent := Through{Reach: 3, Index: 7, Claimant: 1 << 62, Kind: 9, Req: []byte("question")}
	ToOwner = func(kind uint8, req []byte) ([]byte, error) {
		got, err := ReadThrough(req)
		if err != nil || kind != ThroughKind || !reflect.DeepEqual(got, sent) {
			t.Errorf("kind %d: %+v, %v", kind, got, err)
		}
		for n := range throughHead {
			if _, err := ReadThrough(req[:n]); err == nil {
				t.Errorf("%d bytes are a call", n)
			}
		}
		return []byte("answer"), nil
	}
	if b, err := sent.Send(); string(b) != "answer" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}
