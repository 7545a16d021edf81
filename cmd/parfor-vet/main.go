// Command parfor-vet finds bodies of parfor's loops that use a context other
// than their own. See docs/vet.md.
//
//	parfor-vet ./...
//	go vet -vettool=$(which parfor-vet) ./...
package main

import (
	"os"
	"strings"

	"golang.org/x/tools/go/analysis/singlechecker"
	"golang.org/x/tools/go/analysis/unitchecker"
)

func main() {
	if fromGoVet(os.Args[1:]) {
		unitchecker.Main(Analyzer)
	}
	singlechecker.Main(Analyzer)
}

// fromGoVet tells how go vet calls its tools: for the version, for the flags,
// and then once for each package with a description in a file.
func fromGoVet(args []string) bool {
	for _, a := range args {
		if strings.HasPrefix(a, "-V=") || a == "-flags" || strings.HasSuffix(a, ".cfg") {
			return true
		}
	}
	return false
}
