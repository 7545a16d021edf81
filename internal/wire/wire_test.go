package wire

import (
	"bytes"
	"io"
	"reflect"
	"testing"
	"time"
)

func TestFramesRoundTrip(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	sent := []struct {
		t Type
		p []byte
	}{{Hello, []byte("12345678")}, {Bell, nil}, {Dump, bytes.Repeat([]byte("x"), 100_000)}, {Quit, nil}}
	for _, f := range sent {
		if err := w.Write(f.t, f.p); err != nil {
			t.Fatal(err)
		}
	}
	r := NewReader(&b, MaxPayload)
	for _, f := range sent {
		ty, p, err := r.Next()
		if err != nil || ty != f.t || !bytes.Equal(p, f.p) {
			t.Fatalf("%v, %d bytes, %v", ty, len(p), err)
		}
	}
	if _, _, err := r.Next(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

func TestATornFrameIsTheEnd(t *testing.T) {
	whole := Append(nil, Dump, []byte("stacks"))
	for n := range whole {
		if _, _, err := NewReader(bytes.NewReader(whole[:n]), MaxPayload).Next(); err != io.EOF {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestLoopRoundTrips(t *testing.T) {
	in := &Loop{ID: 1<<31 | 5, Name: "n", Timeout: time.Second, Left: -3, Limited: true, Journal: []byte("j"), Ignores: []string{"d", "e"},
		Args: []Arg{{"a", []byte{1}}, {"b", []byte{}}}, Values: []Arg{{"v", []byte("x")}}}
	out, err := DecodeLoop(AppendLoop(nil, in))
	if err != nil || !reflect.DeepEqual(in, out) {
		t.Errorf("%+v, %v", out, err)
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(Append(Append(nil, Hello, []byte("12345678")), Bell, nil))
	f.Add(Append(Append(nil, Log, AppendLog(nil, aRecord(), someAttrs())), Logged, []byte("12345678")))
	f.Add([]byte{byte(Dump), 255, 255, 255, 255, 255, 255, 255, 127})
	f.Add([]byte{byte(Open), 0, 0, 0, 0, 0, 1, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, max := range []uint64{MaxPayload, 1 << 40} {
			r := NewReader(bytes.NewReader(b), max)
			for {
				if _, p, err := r.Next(); err != nil {
					break
				} else if len(p) > len(b) {
					t.Fatal("more than there was")
				}
			}
		}
	})
}

func FuzzMessages(f *testing.F) {
	f.Add(AppendLoop(nil, &Loop{ID: 3, Name: "x", Args: []Arg{{"a", []byte("b")}}}))
	f.Add(AppendCall(nil, 7, 1, []byte("x")))
	f.Add(AppendLog(nil, aRecord(), someAttrs()))
	f.Fuzz(func(t *testing.T, b []byte) {
		if l, err := DecodeLoop(b); err == nil {
			if again, err := DecodeLoop(AppendLoop(nil, l)); err != nil || again.Name != l.Name {
				t.Fatal(err)
			}
		}
		if r, err := DecodeLog(b); err == nil {
			again, err := DecodeLog(AppendLog(nil, r, encoded(r.Attrs)))
			if err != nil || again.Level != r.Level || again.Item != r.Item {
				t.Fatal(again, err)
			}
		}
		DecodeCall(b)
		DecodeCancel(b)
	})
}
