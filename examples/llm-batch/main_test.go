package main

import (
	"testing"

	"parfor.dev/parfor/internal/exampletest"
)

func TestMain(m *testing.M) { exampletest.Main(m, main) }

func TestOutput(t *testing.T) { exampletest.Expect(t, "expected.txt") }
