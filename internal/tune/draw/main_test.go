//go:build !race

// No test here has goroutines: the race detector would only make it slow.

package main

import (
	"os"
	"testing"

	"parfor.dev/parfor/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// The chart in the docs is what the controller does now.
func TestCurrent(t *testing.T) {
	have, err := os.ReadFile("../../../docs/auto.svg")
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != chart(worlds()) {
		t.Error("docs/auto.svg is old: go generate parfor.dev/parfor/internal/tune")
	}
}
