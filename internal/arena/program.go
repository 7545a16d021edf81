package arena

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
)

// Program returns the one arena of this program, made by the first call.
func Program() (*Arena, error) { return program() }

var program = sync.OnceValues(func() (*Arena, error) {
	a, err := New(0)
	if err == nil {
		made.Store(a)
	}
	return a, err
})

var made atomic.Pointer[Arena]

// ProgramUsed is how many bytes of the program's arena are allocated, 0 if it
// has none.
func ProgramUsed() uint64 {
	if a := made.Load(); a != nil {
		return a.Used()
	}
	return 0
}

// SettleProgram calls Settle on the program's arena if there is one.
func SettleProgram() {
	if a := made.Load(); a != nil {
		a.Settle()
	}
}

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
