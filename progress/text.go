package progress

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// count writes 1234567 as 1,234,567.
func count[N int | int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// span writes a duration with two or three digits that count: 950µs, 3.1ms,
// 41ms, 4.2s, 1m52s, 2h05m.
func span(d time.Duration) string {
	switch {
	case d >= time.Hour-30*time.Second:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute-500*time.Millisecond:
		d = d.Round(time.Second)
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	}
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "µs"}} {
		switch v := float64(d) / float64(u.unit); {
		case v >= 9.95:
			return fmt.Sprintf("%.0f%s", v, u.name)
		case v >= 0.9995:
			return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") + u.name
		}
	}
	return fmt.Sprintf("%dns", d)
}

// speed writes items a second, or a minute where that reads better.
func speed(perSecond float64) string {
	switch {
	case perSecond >= 99.5:
		return count(int64(perSecond+0.5)) + "/s"
	case perSecond >= 9.95:
		return fmt.Sprintf("%.0f/s", perSecond)
	case perSecond >= 0.95:
		return fmt.Sprintf("%.1f/s", perSecond)
	case perSecond == 0:
		return "0/s"
	}
	return fmt.Sprintf("%.1f/min", perSecond*60)
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return count(n) + " " + word + "s"
}

// clean keeps names and texts to one line: whoever chose them chose no escape
// sequences for this terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// wide counts the columns of s, taking East Asian characters and emoji as two.
func wide(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

func runeWidth(r rune) int {
	switch {
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r):
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60,
		r >= 0x1f300 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

// cut shortens s to n columns.
func cut(s string, n int) string {
	if wide(s) <= n {
		return s
	}
	used := 1 // the …
	for i, r := range s {
		if used += runeWidth(r); used > n {
			return s[:i] + "…"
		}
	}
	return s
}
