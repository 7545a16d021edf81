package report

import (
	"math"
	"strings"
	"testing"
)

func TestDuration(t *testing.T) {
	for _, c := range []struct {
		in          float64
		want, short string
	}{
		{0, "0 s", "0 s"}, {2.894, "2.89 s", "2.89 s"}, {0.5094, "509 ms", "509 ms"}, {0.005, "5.00 ms", "5 ms"},
		{0.00614, "6.14 ms", "6.14 ms"}, {0.02794, "27.9 ms", "27.9 ms"}, {0.9996, "1.00 s", "1 s"}, {0.99949, "999 ms", "999 ms"},
		{9.999, "10.0 s", "10 s"}, {99.96, "100 s", "100 s"}, {0.1, "100 ms", "100 ms"}, {3.2e-5, "32.0 µs", "32 µs"},
		{1.5e-8, "15.0 ns", "15 ns"}, {999.4, "999 s", "999 s"}, {1040, "17m 20s", "17m 20s"}, {7260, "2h 01m", "2h 01m"},
		{60, "60.0 s", "1m"}, {3600, "1h 00m", "1h"}, {-0.25, "-250 ms", "-250 ms"}, {1e300, "1e+300 s", "1e+300 s"},
		{math.NaN(), missing, missing}, {math.Inf(1), missing, missing},
	} {
		if got := duration(c.in); got != c.want {
			t.Errorf("duration(%v) = %q, want %q", c.in, got, c.want)
		}
		if got := shortDuration(c.in); got != c.short {
			t.Errorf("shortDuration(%v) = %q, want %q", c.in, got, c.short)
		}
	}
}

// Every duration reads as three significant digits of one unit.
func TestDurationDigits(t *testing.T) {
	for v := 1.3e-8; v < 900; v *= 1.0137 {
		digits, unit, ok := strings.Cut(duration(v), " ")
		if n := len(strings.TrimLeft(strings.Replace(digits, ".", "", 1), "0")); n != 3 || !ok || unit == "" {
			t.Errorf("%v is written %q", v, duration(v))
		}
	}
}

func TestRatio(t *testing.T) {
	for in, want := range map[float64]string{1: "1.0x", 5.66: "5.7x", 9.94: "9.9x", 9.96: "10x", 12.7: "13x", 0.46: "0.5x", 0.04: "0.04x", math.Inf(1): ""} {
		if got := ratio(in); got != want {
			t.Errorf("ratio(%v) = %q, want %q", in, got, want)
		}
	}
}

func TestCountAndBytes(t *testing.T) {
	for in, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 97975: "97,975", -1234567: "-1,234,567", -100: "-100"} {
		if got := count(in); got != want {
			t.Errorf("count(%d) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[float64]string{19e6: "+19 MB", 1e6: "+1.0 MB", -2e6: "-2.0 MB", 2.5e9: "+2.50 GB", 0: "0 MB"} {
		if got := megabytes(in, true); got != want {
			t.Errorf("megabytes(%v) = %q, want %q", in, got, want)
		}
	}
}
