package arena

import (
	"errors"
	"os"
	"sync"
)

// Program returns the one arena of this program, made by the first call.
func Program() (*Arena, error) { return program() }

var program = sync.OnceValues(func() (*Arena, error) { return New(0) })

// inherited is the descriptor of the parent's arena, in a worker process.
var inherited uintptr

// Inherit says which descriptor the parent's arena has. It is called before
// anything reads it.
func Inherit(fd uintptr) { inherited = fd }

// Inherited returns the parent's arena in a worker process.
func Inherited() (*View, error) { return parents() }

var parents = sync.OnceValues(func() (*View, error) {
	if inherited == 0 {
		return nil, errors.ErrUnsupported
	}
	return Open(os.NewFile(inherited, "parfor-arena"))
})
