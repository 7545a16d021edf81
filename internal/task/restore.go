package task

import "context"

// Restore adds a propagated context value to the context of a loop's tasks in
// a worker process. Package parfor sets it in init.
var Restore func(ctx context.Context, name string, encoded []byte) (context.Context, error)
