package item

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// document is one JSON array, whose elements are the items, or one JSON object,
// whose values are. Only one of them is in memory at a time.
type document struct{ *file }

func (d document) schema() Schema { return Schema{Open: true} }

func (d document) each(yield func(Item) bool) error {
	if err := skipMark(d.reader); err != nil {
		return d.errorAt(1, err)
	}
	r := &newlines{reader: d.reader}
	dec := json.NewDecoder(r)
	if err := elements(dec, yield); err != nil && err != errBreak {
		return d.errorAt(whereIn(dec, r, err), tidy(err))
	}
	return nil
}

var (
	errBreak  = errors.New("no more is wanted")
	errScalar = errors.New("neither a JSON array nor a JSON object")
	errMore   = errors.New("more follows after the end of the JSON value (--format jsonl reads one value a line)")
)

// elements goes through an array or object and what may follow it: nothing.
func elements(dec *json.Decoder, yield func(Item) bool) error {
	start, err := dec.Token()
	if err != nil {
		return err
	}
	if start != json.Delim('[') && start != json.Delim('{') {
		return errScalar
	}
	for seq := 1; dec.More(); seq++ {
		it, err := next(dec, start == json.Delim('{'))
		if err != nil {
			return err
		}
		it.Seq = seq
		if !yield(it) {
			return errBreak
		}
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errMore
	}
	return nil
}

func next(dec *json.Decoder, object bool) (Item, error) {
	var name string
	if object {
		token, err := dec.Token()
		if err != nil {
			return Item{}, err
		}
		name = token.(string) // the decoder sees to it
	}
	var text json.RawMessage
	if err := dec.Decode(&text); err != nil {
		return Item{}, err
	}
	v, err := compact(text)
	if err != nil {
		return Item{}, err
	}
	it := ofJSON(v)
	if object {
		it.inside = &entry{Value{name, appendString(nil, name)}, value(v)}
	}
	return it, nil
}

func tidy(err error) error {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the file ends before its JSON value does")
	case errors.As(err, new(*json.SyntaxError)):
		return fmt.Errorf("no JSON: %w", err)
	}
	return err
}

// newlines counts the lines that went through it.
type newlines struct {
	reader *bufio.Reader
	n      int
}

func (n *newlines) Read(p []byte) (int, error) {
	got, err := n.reader.Read(p)
	n.n += bytes.Count(p[:got], []byte("\n"))
	return got, err
}

// whereIn is the line in which an error was found. The decoder keeps what it has
// read and not taken: the place in that is found by reading it once more, unless
// what was taken is the error.
func whereIn(dec *json.Decoder, r *newlines, err error) int {
	left, _ := io.ReadAll(dec.Buffered()) // of a reader in memory
	taken := 1 + r.n - bytes.Count(left, []byte("\n"))
	if errors.Is(err, errScalar) || errors.Is(err, errMore) {
		return taken
	}
	blank := len(left) - len(bytes.TrimLeft(left, " \t\r\n,:"))
	var syntax *json.SyntaxError
	var v json.RawMessage
	if err := json.Unmarshal(left[blank:], &v); errors.As(err, &syntax) {
		blank += max(0, int(syntax.Offset)-1)
	}
	return taken + bytes.Count(left[:min(blank, len(left))], []byte("\n"))
}
