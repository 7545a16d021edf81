package parfor

import (
	"parfor.dev/parfor/internal/engine"
)

// Executor is where the tasks of a loop run: [Sequential], [Goroutines], a
// process.Pool. It is sealed: only this project implements it, until v1.
type Executor interface {
	// Close waits for what was submitted, ends the workers, and returns the
	// errors of futures that nobody read. A second call does nothing.
	Close() error

	// Seal hands the loop what it runs on; the type is internal on purpose.
	Seal(engine.Key) engine.Engine
}
