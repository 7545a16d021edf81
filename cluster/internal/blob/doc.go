// Package blob keeps what is too large for a message: it is cut into pieces, and
// the message has a reference in its place.
//
// The pieces are messages of a stream of their own, under the loop's name. One
// request removes all of a loop, and an owner that dies leaves nothing that
// another can't find by the loop: in NATS's own object store pieces have random
// names, and an object that was removed leaves a record of that.
//
// ref.go is the reference, put.go and get.go are the ways there and back.
package blob
