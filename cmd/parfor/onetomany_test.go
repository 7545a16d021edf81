//go:build unix && !race

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parfor.dev/parfor/cluster"
)

// TestOneToMany runs the console of the page about clusters, beside a node that
// is started as the page says.
func TestOneToMany(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", "")
	dir, err := cluster.LocalDir()
	if err != nil {
		t.Fatal(err)
	}
	background(t, "parfor-node", "--allow-exec")
	eventually(t, func() bool { _, err := os.Stat(filepath.Join(dir, "address.json")); return err == nil })
	const page = "../../docs/one-to-many.md"
	lines := strings.Split(readPage(t, page), "\n")
	blocks := consoleBlocks(lines)
	if len(blocks) < 4 {
		t.Fatalf("%d blocks", len(blocks))
	}
	results := make([][]string, len(blocks))
	for i, b := range blocks {
		t.Run(fmt.Sprint(b.begin), func(t *testing.T) {
			results[i] = b.run(t, nil)
		})
	}
	if *update {
		writePage(t, page, lines, blocks, results)
	}
}
