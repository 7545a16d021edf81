package parfor

import (
	"errors"

	"parfor.dev/parfor/internal/errwire"
)

// errNilValue keeps a nil pointer inside an error from travelling as one: its
// methods would panic wherever somebody looks at it. Its text travels.
var errNilValue = errors.New("a nil value")

// sound returns err, or, if err can't be looked at without a panic, an error
// with its text. A nil *MyError returned as an error is the classic: it is not
// nil, and its Error or Unwrap method reads a field. Loops, futures and users
// call these methods on goroutines where a panic would end the program.
func sound(err error) (safe error) {
	if err == nil {
		return nil
	}
	defer func() {
		if recover() != nil {
			safe = errwire.Decode(errwire.Append(nil, err))
		}
	}()
	_ = err.Error()
	_ = errors.Is(err, errNilValue) // visits the whole tree
	return err
}
