//go:build !race

// No test here has goroutines: the race detector would only make it slow.

package main

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"
)

func TestAnalyzer(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), Analyzer, "a")
}

func TestFromGoVet(t *testing.T) {
	for arg, want := range map[string]bool{"-V=full": true, "-flags": true, "/tmp/vet.cfg": true, "./...": false, "-json": false} {
		if got := fromGoVet([]string{arg}); got != want {
			t.Errorf("fromGoVet(%q) = %t, want %t", arg, got, want)
		}
	}
}
