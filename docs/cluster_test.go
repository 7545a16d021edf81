package docs

import (
	"strings"
	"testing"
)

// TestClusterFaults wants each row of the page about faults of a cluster to name
// tests that exist, and the rows to be all there.
func TestClusterFaults(t *testing.T) {
	known := testNames(t)
	rows := 0
	for line := range strings.Lines(read(t, "cluster-faults.md")) {
		cells := strings.Split(line, " | ")
		if !numberedRow.MatchString(line) || len(cells) != 4 {
			continue
		}
		rows++
		names := heldBy.FindAllStringSubmatch(cells[3], -1)
		if len(names) == 0 && !strings.HasPrefix(cells[3], "decided") {
			t.Errorf("no test is named: %s", cells[1])
		}
		for _, m := range names {
			if !known[m[1]] {
				t.Errorf("there is no test %s: %s", m[1], cells[1])
			}
		}
	}
	if rows != 26 {
		t.Errorf("%d rows", rows)
	}
}
