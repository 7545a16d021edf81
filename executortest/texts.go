package executortest

import (
	"errors"
	"regexp"
	"strings"

	"parfor.dev/parfor"
)

// contains reports whether an error's text has that part.
func contains(err error, part string) bool {
	return err != nil && strings.Contains(err.Error(), part)
}

// stackNames reports whether err holds a panic whose stack names a function
// and its file in this package.
func stackNames(err error, function string) bool {
	var p *parfor.PanicError
	return errors.As(err, &p) && strings.Contains(string(p.Stack), "executortest."+function) &&
		strings.Contains(string(p.Stack), "/bodies.go:")
}

var pointer = regexp.MustCompile(`0x[0-9a-f]+`)

func withoutPointers(s string) string { return pointer.ReplaceAllString(s, "&") }
