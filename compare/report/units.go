package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

const missing = "–"

// duration writes seconds with three significant digits and the unit that fits:
// "6.14 ms", "509 ms", "2.89 s", "17m 20s".
func duration(s float64) string {
	switch {
	case math.IsNaN(s) || math.IsInf(s, 0):
		return missing
	case s < 0:
		return "-" + duration(-s)
	case s == 0:
		return "0 s"
	case s >= 1e9:
		return fmt.Sprintf("%.1g s", s)
	case s >= 999.5:
		// Three digits of a long time are unreadable as plain seconds.
		sec := int64(math.Round(s))
		if sec >= 3600 {
			return fmt.Sprintf("%dh %02dm", sec/3600, sec%3600/60)
		}
		return fmt.Sprintf("%dm %02ds", sec/60, sec%60)
	}
	for _, u := range []struct {
		size float64
		name string
	}{{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}} {
		// 0.9995 would round up to "1000 ms": it belongs to the unit above.
		if s >= 0.9995*u.size {
			return significant(s/u.size, 3) + " " + u.name
		}
	}
	return significant(s/1e-9, 3) + " ns"
}

// significant writes v with n significant digits, never in scientific notation.
func significant(v float64, n int) string {
	if v == 0 {
		return "0"
	}
	digits := int(math.Floor(math.Log10(math.Abs(v)))) + 1
	// Rounding may carry into a new digit: 9.996 is 10.0.
	if scale := math.Pow(10, float64(n-digits)); math.Round(math.Abs(v)*scale) >= math.Pow(10, float64(n)) {
		digits++
	}
	return strconv.FormatFloat(v, 'f', max(0, n-digits), 64)
}

// roundTo keeps n significant digits.
func roundTo(v float64, n int) float64 {
	scale := math.Pow(10, float64(n-1)-math.Floor(math.Log10(math.Abs(v))))
	if v == 0 || math.IsInf(scale, 0) || math.IsNaN(scale) {
		return v
	}
	return math.Round(v*scale) / scale
}

// shortDuration drops what a round value doesn't need: "5 ms", "1m".
func shortDuration(s float64) string {
	if s >= 60 && math.Mod(s, 60) == 0 && s < 3600 {
		return fmt.Sprintf("%dm", int(s/60))
	}
	if s >= 3600 && math.Mod(s, 3600) == 0 {
		return fmt.Sprintf("%dh", int(s/3600))
	}
	value, unit, ok := strings.Cut(duration(s), " ")
	if !ok {
		return value
	}
	if strings.Contains(value, ".") {
		value = strings.TrimRight(strings.TrimRight(value, "0"), ".")
	}
	return value + " " + unit
}

// ratio writes how many times faster: "13x", "5.7x", "0.04x".
func ratio(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return ""
	case v >= 9.95:
		return fmt.Sprintf("%.0fx", v)
	case v >= 0.095:
		return fmt.Sprintf("%.1fx", v)
	}
	return significant(v, 1) + "x"
}

// megabytes writes a size in MB of 10⁶ bytes, signed if it is a difference.
func megabytes(n float64, signed bool) string {
	if math.IsNaN(n) {
		return missing
	}
	sign := ""
	if signed && n > 0 {
		sign = "+"
	}
	mb := n / 1e6
	switch {
	case math.Abs(mb) >= 999.5:
		return sign + significant(mb/1000, 3) + " GB"
	case math.Abs(mb) >= 9.95 || mb == 0:
		return fmt.Sprintf("%s%.0f MB", sign, mb)
	}
	return fmt.Sprintf("%s%.1f MB", sign, mb)
}

// count groups digits: "97,975".
func count(n int) string {
	s := strconv.Itoa(n)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural counts things whose plural ends in s.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return count(n) + " " + thing + "s"
}

// pvalue writes a probability as it is read aloud: "p = 0.008", "p < 0.001".
func pvalue(p float64) string {
	if p < 0.001 {
		return "p < 0.001"
	}
	if p > 0.1 {
		return fmt.Sprintf("p = %.2f", p)
	}
	return fmt.Sprintf("p = %.3f", p)
}
