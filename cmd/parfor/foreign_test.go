package main

import (
	"regexp"
	"strings"
	"testing"
)

var (
	quotedOrCurl = regexp.MustCompile(`'[^']*'|--dump-header|--upload-file|-- curl .*|for --retry \d|in FILE.*`)
	longFlag     = regexp.MustCompile(`--[a-z][a-z0-9-]+`)
)

// TestForeignWords wants answers that name flags which exist, to words that are
// no flags themselves.
func TestForeignWords(t *testing.T) {
	for _, cmd := range rootCommand(nil).Commands() {
		verb, flags := cmd.Name(), cmd.Flags()
		for _, words := range []map[string]string{foreign()[verb], unneeded()[verb]} {
			for word, answer := range words {
				if flags.Lookup(word) != nil || len(word) == 1 && flags.ShorthandLookup(word) != nil {
					t.Errorf("%s has a flag %q of its own, which is answered with %q", verb, word, answer)
				}
				for _, name := range longFlag.FindAllString(quotedOrCurl.ReplaceAllString(answer, ""), -1) {
					if flags.Lookup(strings.TrimPrefix(name, "--")) == nil {
						t.Errorf("%s %s: the answer %q names %s, which it doesn't have", verb, word, answer, name)
					}
				}
			}
		}
		for word := range foreign()[verb] {
			if why, both := unneeded()[verb][word]; both {
				t.Errorf("%s %s has two answers, %q and %q", verb, word, foreign()[verb][word], why)
			}
		}
	}
}
