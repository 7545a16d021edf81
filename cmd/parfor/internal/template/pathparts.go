package template

import (
	"os"
	"strings"
)

// noExt is a path without the last dot of its last element and what follows it.
// Dots that the element begins with, as those of hidden files do, begin no
// extension.
func noExt(path string) string {
	start := len(path)
	for start > 0 && !os.IsPathSeparator(path[start-1]) {
		start--
	}
	for start < len(path) && path[start] == '.' {
		start++
	}
	if dot := strings.LastIndexByte(path[start:], '.'); dot >= 0 {
		return path[:start+dot]
	}
	return path
}

// base is the last element of a path, whatever separators it ends in; of the
// root it is the root.
func base(path string) string {
	path = trimmed(path)
	for i := len(path) - 1; i >= 0; i-- {
		if os.IsPathSeparator(path[i]) && len(path) > 1 {
			return path[i+1:]
		}
	}
	return path
}

// dir is what is before the last element: . if there is nothing, the root if
// that is all there is.
func dir(path string) string {
	path = trimmed(path)
	for i := len(path) - 1; i >= 0; i-- {
		if os.IsPathSeparator(path[i]) {
			return trimmed(path[:i+1])
		}
	}
	return "."
}

// trimmed is a path without separators at its end, unless it is all separators.
func trimmed(path string) string {
	end := len(path)
	for end > 1 && os.IsPathSeparator(path[end-1]) {
		end--
	}
	return path[:end]
}
