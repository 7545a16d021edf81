package entryfile

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"parfor.dev/parfor/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// raw is a string of any bytes.
type raw string

func (raw) Generate(r *rand.Rand, size int) reflect.Value {
	b := make([]byte, r.Intn(size+1))
	for i := range b {
		const odd = "\r\n\",; ab{\\\x00\xff\xef\xbb\xbf"
		b[i] = odd[r.Intn(len(odd))]
	}
	return reflect.ValueOf(raw(b))
}

// special is a float that JSON may not have.
type special float64

func (special) Generate(r *rand.Rand, _ int) reflect.Value {
	return reflect.ValueOf(special([]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 5e-324, 0.1, 1e300}[r.Intn(7)]))
}

type address struct {
	Host string `json:"host"`
	Port uint16
	_    int32
}

func (address) Generate(r *rand.Rand, _ int) reflect.Value {
	return reflect.ValueOf(address{Host: []string{"", "a", "b,\"c\""}[r.Intn(3)], Port: uint16(r.Intn(3))})
}

type page struct {
	Status int               `json:"status"`
	Took   time.Duration     `json:"took,omitempty"`
	Body   []byte            `json:"body"`
	Links  []string          `json:"links"`
	Head   map[string]string `json:"head"`
	Next   *int              `json:"key"` // like the key's column
}

// id knows its text, as UUIDs do.
type hexID [4]byte

func (x hexID) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%x", x[:]), nil }
func (x *hexID) UnmarshalText(b []byte) error {
	if n, err := hex.Decode(x[:], b[:min(len(b), 8)]); n != 4 || err != nil || len(b) != 8 {
		return errors.New("no id")
	}
	return nil
}

func of[T any]() reflect.Type { return reflect.TypeFor[T]() }

// TestWhatIsWrittenReadsBack writes and reads entries of many types.
func TestWhatIsWrittenReadsBack(t *testing.T) {
	all := []Format{JSON, JSONL, CSV}
	for _, c := range []struct {
		key, val reflect.Type
		formats  []Format
	}{
		{of[int](), of[int](), all},
		{of[int8](), of[uint64](), all},
		{of[uint64](), of[bool](), all},
		{of[bool](), of[string](), all},
		{of[string](), of[string](), all},
		{of[string](), of[float64](), all},
		{of[float64](), of[float32](), all},
		{of[float32](), of[[]byte](), all},
		{of[[2]int16](), of[[]string](), all},
		{of[[3]byte](), of[map[string]int](), all},
		{of[address](), of[page](), all},
		{of[string](), of[page](), all},
		{of[address](), of[int](), all},
		{of[hexID](), of[*int](), all},
		{of[string](), of[struct{}](), all},
		{of[[1]address](), of[[][]page](), all},
		{of[complex64](), of[string](), all},
		{of[raw](), of[raw](), all[2:]},
		{of[string](), of[complex128](), all[2:]},
		{of[int](), of[special](), all[2:]},
		{of[time.Duration](), of[moment](), all},
	} {
		for _, f := range c.formats {
			readsBack(t, c.key, c.val, f)
		}
	}
}

// moment knows its own form.
type moment struct{ time.Time }

func (moment) Generate(r *rand.Rand, _ int) reflect.Value {
	return reflect.ValueOf(moment{time.Unix(r.Int63n(1<<33), r.Int63n(1e9)).UTC()})
}

type entries struct{ keys, vals []reflect.Value }

func read(t *testing.T, text []byte, key, val reflect.Type, f Format) (es entries, err error) {
	t.Helper()
	k, v := reflect.New(key).Elem(), reflect.New(val).Elem()
	d, err := NewDecoder(bytes.NewReader(text), f, k, v, Options{})
	if err != nil {
		return es, err
	}
	for {
		if _, err := d.Entry(); err == io.EOF {
			return es, nil
		} else if err != nil {
			return es, err
		}
		kk, vv := reflect.New(key).Elem(), reflect.New(val).Elem()
		kk.Set(k)
		vv.Set(v)
		es.keys, es.vals = append(es.keys, kk), append(es.vals, vv)
	}
}

func written(es entries, key, val reflect.Type, f Format) ([]byte, error) {
	var b bytes.Buffer
	k, v := reflect.New(key).Elem(), reflect.New(val).Elem()
	e, err := NewEncoder(&b, f, k, v, Options{})
	if err != nil {
		return nil, err
	}
	for i := range es.keys {
		k.Set(es.keys[i])
		v.Set(es.vals[i])
		if err := e.Entry(); err != nil {
			return nil, err
		}
	}
	err = e.Close()
	return b.Bytes(), err
}

func readsBack(t *testing.T, key, val reflect.Type, f Format) {
	name := fmt.Sprintf("%v %v %s", key, val, f)
	r := rand.New(rand.NewSource(1))
	for range 20 {
		var es entries
		for range r.Intn(6) {
			k, _ := quick.Value(key, r)
			v, ok := quick.Value(val, r)
			if !ok {
				t.Fatalf("no values of type %v", val)
			}
			es.keys, es.vals = append(es.keys, k), append(es.vals, v)
		}
		text, err := written(es, key, val, f)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		got, err := read(t, text, key, val, f)
		if err != nil || !slices.EqualFunc(got.keys, es.keys, equal) || !slices.EqualFunc(got.vals, es.vals, equal) {
			t.Errorf("%s: %v, from\n%.500s", name, err, text)
			return
		}
		if again, err := written(got, key, val, f); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%s: written again it is other text (%v):\n%.500s\n%.500s", name, err, again, text)
			return
		}
		if f == JSON && !json.Valid(text) {
			t.Errorf("%s: no JSON: %.500s", name, text)
		}
	}
}

// equal takes NaN for NaN, and in CSV nil bytes for no bytes.
func equal(a, b reflect.Value) bool {
	switch {
	case a.Kind() == reflect.Float64 && math.IsNaN(b.Float()):
		return math.IsNaN(a.Float())
	case a.Type() == of[[]byte]():
		return bytes.Equal(a.Bytes(), b.Bytes())
	}
	x, _ := json.Marshal(a.Interface()) // where nil bytes are inside
	y, _ := json.Marshal(b.Interface())
	return reflect.DeepEqual(a.Interface(), b.Interface()) ||
		a.Type() == of[page]() && strings.ReplaceAll(string(x), `""`, "null") == strings.ReplaceAll(string(y), `""`, "null")
}

type (
	hidden  struct{ a, b int }
	oneWay  struct{ A int }
	skipped struct {
		A int
		B int `json:"-"`
	}
)

// doubled has two fields of one name, which written out is an error by itself.
var doubled = reflect.New(reflect.StructOf([]reflect.StructField{
	{Name: "A", Type: of[int](), Tag: `json:"x"`},
	{Name: "B", Type: of[int](), Tag: `json:"x"`},
})).Elem().Interface()

func (oneWay) MarshalJSON() ([]byte, error) { return []byte("1"), nil }

// TestRefusesWhatWouldBeLost says what, of which key, and why.
func TestRefusesWhatWouldBeLost(t *testing.T) {
	for _, c := range []struct {
		key, val any
		f        Format
		says     string
	}{
		{"x", math.NaN(), JSON, `the entry of key "x": JSON has no NaN`},
		{"x", []float64{math.Inf(1)}, CSV, `the entry of key "x": column value: JSON has no +Inf`},
		{7, "\xff", JSONL, "the entry of key 7: a string that is not UTF-8"},
		{"\xff", 1, JSON, `the entry of key "\xff": a string that is not UTF-8`},
		{7, `\ufffd` + "\ufffd", JSONL, ""},
		{math.Inf(1), 1, JSONL, "the entry of key +Inf: JSON has no +Inf"},
		{math.Inf(1), 1, JSON, ""},
		{hidden{1, 2}, 1, JSON, "keys: entryfile.hidden has no full form in JSON: its field a is not exported"},
		{1, hidden{1, 2}, CSV, "values: entryfile.hidden has no full form"},
		{1, oneWay{}, JSON, "MarshalJSON and no UnmarshalJSON"},
		{1, []skipped{}, JSON, `has the tag "-"`},
		{1, doubled, JSON, `two of its fields have the name "x"`},
		{1, complex(1, 2), JSON, "JSON has no such values"},
		{1, map[float64]int{}, CSV, "map key"},
		{1, func() {}, CSV, "JSON has no such values"},
	} {
		key, val := reflect.ValueOf(c.key), reflect.ValueOf(c.val)
		_, err := written(entries{[]reflect.Value{key}, []reflect.Value{val}}, key.Type(), val.Type(), c.f)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%T %T %s: %v; want %s", c.key, c.val, c.f, err, c.says)
		}
	}
	if _, err := read(t, []byte("{}"), of[address](), of[int](), JSON); err == nil || !strings.Contains(err.Error(), "array of") {
		t.Errorf("an object for struct keys: %v", err)
	}
}

func TestOrderOfKeys(t *testing.T) {
	for _, sorted := range [][]any{
		{-10, -9, 0, 9, 10, 100}, {uint8(1), uint8(200)}, {-1.5, 0.0, 1e300, math.Inf(1)}, {"", "10", "9", "a"}, {false, true},
		{complex(1, -1), complex(1, 2), complex(2, 0)}, {[2]int8{-1, 5}, [2]int8{0, -5}, [2]int8{0, 3}},
		{address{Host: "a", Port: 9}, address{Host: "a", Port: 80}, address{Host: "b"}},
	} {
		order := Order(reflect.TypeOf(sorted[0]))
		for i, a := range sorted {
			for j, b := range sorted {
				if got := order(reflect.ValueOf(a), reflect.ValueOf(b)); (got < 0) != (i < j) || (got == 0) != (i == j) {
					t.Errorf("%v and %v: %d", a, b, got)
				}
			}
		}
	}
}
