package item

import (
	"bytes"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"sync"
)

// isRange tells ranges from names of files.
var rangePattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[+-]?\d+(\.\d+)?\.\.[+-]?\d+(\.\d+)?(\.\.[+-]?\d+(\.\d+)?)?$`)
})

func isRange(text string) bool { return rangePattern().MatchString(text) }

// numbers is a range: its numbers are counted in units of its last decimal
// place, as 0.1 + 0.2 has to be 0.3.
type numbers struct {
	first, step int64 // in units
	count       int
	decimals    int // all numbers have as many as the one written with the most
	width       int // above 0: they are filled up with zeros, as in 001..100
}

// newNumbers reads start..end or start..end..step. Without a step it is 1, away
// from the start; the sign of a step may be left out when going down.
func newNumbers(text string) (*numbers, error) {
	parts := strings.Split(text, "..")
	n := &numbers{step: 1}
	for _, part := range parts {
		_, fraction, _ := strings.Cut(part, ".")
		n.decimals = max(n.decimals, len(fraction))
	}
	if n.decimals > 18 {
		return nil, fmt.Errorf("%s: more than 18 decimal places", text)
	}
	if len(parts) < 3 {
		parts = append(parts, "1")
	}
	var at [3]int64
	for i, part := range parts {
		u, err := units(part, n.decimals)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
		at[i] = u
	}
	if err := n.between(at[0], at[1], at[2], parts[2][0] == '-'); err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	n.width = padding(parts[0], parts[1], n.decimals)
	return n, nil
}

// units is a number in units of the last of so many decimal places.
func units(number string, decimals int) (int64, error) {
	whole, fraction, _ := strings.Cut(number, ".")
	digits := whole + fraction + strings.Repeat("0", decimals-len(fraction))
	u, ok := new(big.Int).SetString(digits, 10)
	if !ok || !u.IsInt64() {
		return 0, fmt.Errorf("%s is too large a number", number)
	}
	return u.Int64(), nil
}

func (n *numbers) between(first, end, step int64, negative bool) error {
	span := new(big.Int).Sub(big.NewInt(end), big.NewInt(first))
	by := big.NewInt(step)
	if span.Sign() < 0 && !negative {
		by.Neg(by)
	}
	if by.Sign() == 0 {
		return fmt.Errorf("a step of 0 gets nowhere")
	}
	if span.Sign() != 0 && span.Sign() != by.Sign() {
		return fmt.Errorf("a step below 0 never gets from the first number to the second")
	}
	count := new(big.Int).Quo(span, by)
	if count.Add(count, big.NewInt(1)); !count.IsInt64() || int64(int(count.Int64())) != count.Int64() {
		return fmt.Errorf("more numbers than can be counted")
	}
	n.first, n.step, n.count = first, by.Int64(), int(count.Int64())
	return nil
}

// padding is how wide the numbers are if one end is written with zeros in front.
func padding(start, end string, decimals int) int {
	padded, width := false, 0
	for _, s := range []string{start, end} {
		whole, _, _ := strings.Cut(strings.TrimPrefix(s, "+"), ".")
		digits := strings.TrimPrefix(whole, "-")
		padded = padded || len(digits) > 1 && digits[0] == '0'
		width = max(width, len(whole))
	}
	switch {
	case !padded:
		return 0
	case decimals > 0:
		return width + 1 + decimals
	}
	return width
}

// at is the i-th number, from 0. Padded numbers are text: JSON has no 007.
func (n *numbers) at(i int) Value {
	u := n.first + int64(i)*n.step
	text := n.format(u)
	if n.width > 0 {
		return Value{Text: text}
	}
	return Value{text, []byte(text)}
}

func (n *numbers) format(u int64) string {
	magnitude := uint64(u)
	if u < 0 {
		magnitude = -magnitude
	}
	b := fmt.Appendf(nil, "%0*d", n.decimals+1, magnitude)
	if point := len(b) - n.decimals; n.decimals > 0 {
		b = append(b[:point:point], append([]byte{'.'}, b[point:]...)...)
	}
	if fill := n.width - len(b); u < 0 {
		b = append(append([]byte{'-'}, bytes.Repeat([]byte{'0'}, max(0, fill-1))...), b...)
	} else if fill > 0 {
		b = append(bytes.Repeat([]byte{'0'}, fill), b...)
	}
	return string(b)
}

func (n *numbers) schema() Schema     { return Schema{} }
func (n *numbers) total() (int, bool) { return n.count, true }
func (n *numbers) stop()              {}

func (n *numbers) each(yield func(Item) bool) error {
	for i := range n.count {
		if !yield(Item{Seq: i + 1, Whole: n.at(i)}) {
			break
		}
	}
	return nil
}

// literals is a list of texts.
type literals []string

func (l literals) schema() Schema     { return Schema{} }
func (l literals) total() (int, bool) { return len(l), true }
func (l literals) stop()              {}

func (l literals) each(yield func(Item) bool) error {
	for i, text := range l {
		if !yield(Item{Seq: i + 1, Whole: Value{Text: text}}) {
			break
		}
	}
	return nil
}
