package main

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"parfor.dev/parfor/cmd/parfor/internal/mandoc"
	"parfor.dev/parfor/cmd/parfor/internal/node"
)

// update has the tests write into pages what comes out, in place of failing.
var update = flag.Bool("update", false, "write outputs and man pages into docs")

// TestManPages wants the pages in docs/man to be what the commands say.
func TestManPages(t *testing.T) {
	const dir = "../../docs/man"
	pages, err := mandoc.Pages(rootCommand(nil))
	if err != nil {
		t.Fatal(err)
	}
	more, err := mandoc.Pages(node.Command())
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(pages, more)
	there, err := filepath.Glob(dir + "/*.1")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range there {
		if pages[filepath.Base(file)] == nil {
			t.Errorf("%s is of no command any more: delete it", file)
		}
	}
	for name, page := range pages {
		file := filepath.Join(dir, name)
		if *update {
			if err := os.WriteFile(file, page, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if b, err := os.ReadFile(file); err != nil || !bytes.Equal(b, page) {
			t.Errorf("%s is not what parfor says: go test -run TestManPages -update writes it (%v)", file, err)
		}
	}
}
