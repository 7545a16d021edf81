package main

import (
	"fmt"
	"strconv"
	"strings"
)

// share is a flag such as 2% or 0.02.
type share float64

// String is empty for none, which then is no default that help would show.
func (s *share) String() string {
	if *s == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(*s)*100, 'g', 4, 64) + "%"
}

func (s *share) Type() string { return "share" }

func (s *share) Set(text string) error {
	number, percent := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(number, 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v >= 0 && v <= 1) {
		return fmt.Errorf("%q is no share: write 2%% or 0.02", text)
	}
	*s = share(v)
	return nil
}

// rate is a flag such as 50/s, 600/m or 50; it counts per second.
type rate float64

func (r *rate) String() string {
	if *r == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(*r), 'g', 4, 64) + "/s"
}

func (r *rate) Type() string { return "rate" }

func (r *rate) Set(text string) error {
	number, unit, _ := strings.Cut(text, "/")
	per, known := map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600}[unit]
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !known || !(v > 0) || v > 1e9 {
		return fmt.Errorf("%q is no rate: write 50/s, 600/m or 1000/h", text)
	}
	*r = rate(v / per)
	return nil
}

// size is a flag such as 512KB or 1MB, in bytes.
type size int

func (s *size) String() string {
	switch n := int(*s); {
	case n == 0:
		return ""
	case n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + "MiB"
	default:
		return strconv.Itoa(n)
	}
}

func (s *size) Type() string { return "size" }

func (s *size) Set(text string) error {
	number := strings.TrimRight(strings.ToUpper(text), "KMGIB")
	unit, known := map[string]int{"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}[strings.ToUpper(text)[len(number):]]
	n, err := strconv.Atoi(number)
	if err != nil || !known || n < 1 || n > 1<<40/unit {
		return fmt.Errorf("%q is no size: write 512KB or 1MB", text)
	}
	*s = size(n * unit)
	return nil
}
