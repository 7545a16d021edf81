//go:build mutants

package oracle

import (
	"errors"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict/dicttest"
	"parfor.dev/parfor/internal/mutant"
)

// TestFindsMutants plants one bug after the other: the oracle must find each,
// and nothing where none is planted.
//
//	go test -tags mutants -run Mutants -v ./internal/oracle
func TestFindsMutants(t *testing.T) {
	defer mutant.Plant("")
	for _, name := range append(mutant.All(), "") {
		mutant.Plant(name)
		for where, try := range map[string]func(*testing.T) (*outcome, error){
			"goroutines": func(t *testing.T) (*outcome, error) {
				return run(t.Context(), parfor.Goroutines(8), setting{commits: 10_000, keys: 20})
			},
			"processes": func(t *testing.T) (*outcome, error) {
				return killed(t, setting{commits: 10_000, keys: 200})
			},
		} {
			if name == "late" && where == "goroutines" {
				continue // planted where commits of other processes are decoded
			}
			t.Run(name+"/"+where, func(t *testing.T) {
				dicttest.Fresh(t)
				t.Cleanup(mutant.Wait) // before the state is exchanged
				_, err := try(t)
				checkFound(t, name, err)
			})
		}
	}
}

func checkFound(t *testing.T, name string, err error) {
	t.Helper()
	var v *Violation
	switch {
	case name == "" && err != nil:
		t.Fatalf("it finds what is not there: %v", err)
	case name != "" && !errors.As(err, &v):
		t.Fatalf("it did not find the bug, but %v", err)
	case name != "":
		t.Logf("%s: %s", name, v.Text)
	}
}

// TestFindsMutantsOfLive does so for live dictionaries.
func TestFindsMutantsOfLive(t *testing.T) {
	defer mutant.Plant("")
	for _, name := range append(mutant.Live(), "") {
		t.Run(name, func(t *testing.T) {
			mutant.Plant(name)
			var err error
			for i := 0; i < 20 && err == nil; i++ {
				_, err = liveHistory(t)
			}
			checkFound(t, name, err)
		})
	}
}
