package parfor

import (
	"errors"
	"fmt"
)

// A body may return a nil pointer of its own error type: an error, since it is
// not nil, whose methods may panic. The loop's own goroutines survive that.

// is is errors.Is that survives the methods of err.
func is(err, target error) (found bool) {
	defer func() { _ = recover() }()
	return errors.Is(err, target)
}

// as is errors.As that survives them.
func as[T any](err error, target *T) (found bool) {
	defer func() { _ = recover() }()
	return errors.As(err, target)
}

// textOf is err.Error() that survives it.
func textOf(err error) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("%T whose Error method panics: %v", err, v)
		}
	}()
	return err.Error()
}

// mendless takes off the mark of an error that no further attempt can mend.
func mendless(err error) error {
	if p, ok := err.(*permanent); ok {
		return p.error
	}
	return err
}
