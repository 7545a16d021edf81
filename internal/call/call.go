// Package call carries synchronous requests from a worker process to the
// program that started it. Package dict asks its owner with it; package
// process provides the wire.
package call

import "fmt"

// Handler answers one request at the owner. It may block and take locks: it
// runs on a goroutine of its own, after the commits of every result that the
// asking worker had finished before it asked.
type Handler func(req []byte) ([]byte, error)

var handlers [256]Handler

// Handle sets the handler of a kind. Call it in init only.
func Handle(kind uint8, h Handler) {
	if handlers[kind] != nil {
		panic(fmt.Sprintf("parfor: call kind %d has two handlers", kind))
	}
	handlers[kind] = h
}

// Serve answers a request in this process.
func Serve(kind uint8, req []byte) ([]byte, error) {
	h := handlers[kind]
	if h == nil {
		return nil, fmt.Errorf("parfor: no handler for calls of kind %d in this program", kind)
	}
	return h(req)
}

// ToOwner sends a request to the owner and waits for the answer; it is nil in
// a process that is not a worker. It may be called concurrently. An error of
// the handler comes back as its text.
var ToOwner func(kind uint8, req []byte) ([]byte, error)
