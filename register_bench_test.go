package parfor_test

import (
	"context"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/registry"
)

// BenchmarkRun is what a worker pays per task besides the body: decode, call,
// encode.
func BenchmarkRun(b *testing.B) {
	run := registry.Named("parfor.dev/parfor_test.double").Run
	ctx, in, dst := context.Background(), []byte{1, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := run(ctx, in, dst); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRegister is what each registration adds to the start of a process.
func BenchmarkRegister(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if err := parfor.RoundTrips[job](); err != nil {
			b.Fatal(err)
		}
	}
}
