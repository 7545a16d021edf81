//go:build race

package dict_test

import "flag"

// Random programs are ten times slower under the race detector, and there they
// are looked at for races, not for their results. A flag given still counts.
func init() { flag.Set("rapid.checks", "25") }
