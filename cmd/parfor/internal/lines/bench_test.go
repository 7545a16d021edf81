//go:build unix

package lines

import (
	"os/exec"
	"testing"

	"parfor.dev/parfor/cmd/parfor/internal/item"
)

// BenchmarkBody is an item through a body that is there; cat is what this
// package costs by itself.
func BenchmarkBody(b *testing.B) {
	run := func(name string, cfg Config) {
		b.Run(name, func(b *testing.B) {
			p := body(b, cfg)
			if _, err := do(b, p, "the first starts it"); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := p.Do(b.Context(), item.Value{Text: "an item of some length"}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
		})
	}
	run("cat", Config{Argv: []string{"cat"}})
	for _, l := range languages[:3] {
		run(l.name, l.config(b))
	}
}

// BenchmarkStart is what the same costs when each item starts its interpreter.
func BenchmarkStart(b *testing.B) {
	for _, argv := range [][]string{
		{"python3", "-c", "import sys; print(sys.argv[1].upper())"},
		{"node", "-e", "console.log(process.argv[1].toUpperCase())"},
		{"sh", "-c", `printf '%s\n' "$1" | tr a-z A-Z`, "sh"},
	} {
		argv[0] = interpreter(b, argv[0])
		b.Run(argv[0], func(b *testing.B) {
			for b.Loop() {
				if err := exec.Command(argv[0], append(argv[1:], "an item of some length")...).Run(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
		})
	}
}
