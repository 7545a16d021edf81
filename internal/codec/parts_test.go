package codec

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// checkParts checks that the two parts of a value are its encoding, that they are two
// exactly where the value is large, and that what is decoded is its own.
func checkParts[T any](t *testing.T, v T, large bool) {
	t.Helper()
	c := Of[T]()
	whole, err := c.Append([]byte("head"), &v)
	if err != nil {
		t.Fatal(err)
	}
	head, tail, err := c.AppendParts([]byte("head"), &v)
	if err != nil || !bytes.Equal(append(bytes.Clone(head), tail...), whole) {
		t.Errorf("%T: the parts aren't the whole (%v)", v, err)
	}
	if large != (tail != nil) || large && len(head) > len("head")+1 {
		t.Errorf("%T: head of %d bytes, tail of %d", v, len(head), len(tail))
	}
	own := whole[len("head"):]
	got, err := c.Get(own)
	clear(own)
	if err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("%T: %v, or decoded another value, or one that aliases the bytes", v, err)
	}
}

func TestParts(t *testing.T) {
	type name string
	type raw []byte
	long := bytes.Repeat([]byte{1, 2, 3}, partsAt)
	checkParts(t, long, true)
	checkParts(t, long[:partsAt], true)
	checkParts(t, long[:partsAt-1], false)
	checkParts(t, raw(long), true)
	checkParts(t, string(long), true)
	checkParts(t, name(strings.Repeat("x", partsAt)), true)
	checkParts(t, "", false)
	checkParts(t, []byte(nil), false)
	checkParts(t, []byte{}, false)
	numbers := make([]int64, partsAt)
	for i := range numbers {
		numbers[i] = int64(i) << 40
	}
	checkParts(t, numbers, true)
	checkParts(t, numbers[:unclearedAt/8], false)
	checkParts(t, numbers[:3], false)
	checkParts(t, make([]uint16, partsAt/2), true)
	checkParts(t, make([]bool, partsAt), true)
	checkParts(t, 7, false)
	checkParts(t, []string{string(long)}, false)
	got, err := Of[[]int64]().Get(append([]byte{present}, make([]byte, 8*unclearedAt)...))
	if err != nil || cap(got) != len(got) {
		t.Errorf("%d numbers with room for %d, %v", len(got), cap(got), err)
	}
	if _, err := Of[[]int64]().Get(append([]byte{present}, make([]byte, 8*unclearedAt+1)...)); err == nil {
		t.Error("part of a number is decoded")
	}
}

// checkKeep checks that a value is decoded right where it may keep its bytes, and that
// it does exactly where it should.
func checkKeep[T any](t *testing.T, v T, at int, want bool) {
	t.Helper()
	c := Of[T]()
	b, err := c.Append(make([]byte, at, at+64), &v)
	if err != nil {
		t.Fatal(err)
	}
	b = b[at:]
	var got T
	kept := false
	if err := c.DecodeKeep(b, &got, &kept); err != nil || !reflect.DeepEqual(got, v) || kept != want {
		t.Errorf("%T: decoded another value, or %v, kept %v", v, err, kept)
	}
	if err := c.DecodeKeep(b, &got, nil); err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("%T: decoded another value, or %v", v, err)
	}
	clear(b)
	if !reflect.DeepEqual(got, v) {
		t.Errorf("%T keeps what it was not given", v)
	}
}

func TestDecodeKeep(t *testing.T) {
	type name string
	long := bytes.Repeat([]byte{1, 2, 3}, partsAt)
	checkKeep(t, long, 3, true)
	checkKeep(t, long[:9], 3, false)
	checkKeep(t, name(long), 3, true)
	numbers := make([]int64, partsAt)
	numbers[7] = -1
	checkKeep(t, numbers, 7, true)
	checkKeep(t, numbers, 6, false) // its numbers would not be aligned
	checkKeep(t, make([]bool, partsAt), 7, false)
	checkKeep(t, []string{string(long)}, 7, false)
	for _, b := range [][]byte{append([]byte{present + 1}, long...), append([]byte{present}, long[:partsAt+1]...)} {
		kept := false
		if err := Of[[]int64]().DecodeKeep(b, &numbers, &kept); err == nil || kept {
			t.Error("decoded what is no slice of numbers")
		}
	}
}
