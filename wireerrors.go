package parfor

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"time"

	"parfor.dev/parfor/internal/errwire"
)

// The errors of this package cross from worker processes as themselves,
// whichever codecs the program links.
func init() { errwire.Later(ownErrors) }

func ownErrors() (sentinels map[string]error, kinds []*errwire.Kind) {
	sentinels = map[string]error{
		"parfor.ErrOption":        ErrOption,
		"parfor.ErrNotRegistered": ErrNotRegistered,
		"parfor.ErrNoExecutor":    ErrNoExecutor,
		"parfor.ErrClosed":        ErrClosed,
		"parfor.ErrCanceled":      ErrCanceled,
		"parfor.ErrGoexit":        ErrGoexit,
		"parfor.ErrLoopTimeout":   ErrLoopTimeout,
		"parfor.ErrTaskTimeout":   ErrTaskTimeout,
		"parfor.ErrWouldDeadlock": ErrWouldDeadlock,
		"parfor.ErrTaskDone":      ErrTaskDone,
		"parfor.ErrNoTask":        ErrNoTask,
		"parfor.ErrStopped":       ErrStopped,
		"parfor.ErrKilled":        ErrKilled,
		"parfor.ErrBudget":        ErrBudget,
		"parfor.ErrNoGroup":       ErrNoGroup,
		"parfor.errStopped":       errStopped,
	}
	kinds = []*errwire.Kind{
		crosses("parfor.TaskError", appendTaskError, decodeTaskError),
		crosses("parfor.PanicError", appendPanicError, decodePanicError),
		crosses("parfor.TimeoutError", appendTimeoutError, decodeTimeoutError),
		crosses("parfor.WorkerError", appendWorkerError, decodeWorkerError),
		crosses("parfor.LoopError", appendLoopError, decodeLoopError),
		crosses("parfor.Permanent", appendFinalError, decodeFinalError),
	}
	return sentinels, kinds
}

// crosses is how a pointer type travels.
func crosses[E any](name string, encode func(*errwire.Encoder, []byte, *E) []byte, decode func(*errwire.Decoder) *E) *errwire.Kind {
	return &errwire.Kind{
		Name: name,
		Type: reflect.TypeFor[*E](),
		Append: func(e *errwire.Encoder, dst []byte, err error) ([]byte, error) {
			v := any(err).(*E)
			if v == nil {
				return dst, errNilValue
			}
			return encode(e, dst, v), nil
		},
		Decode: func(d *errwire.Decoder) (error, error) {
			return any(decode(d)).(error), nil
		},
	}
}

func appendFinalError(e *errwire.Encoder, b []byte, v *finalError) []byte { return e.Error(b, v.err) }

func decodeFinalError(d *errwire.Decoder) *finalError { return &finalError{d.Error()} }

func appendTaskError(e *errwire.Encoder, b []byte, v *TaskError) []byte {
	b = binary.AppendVarint(b, int64(v.Index))
	b = errwire.AppendString(b, v.Label)
	b = binary.AppendVarint(b, int64(v.Attempt))
	return e.Error(b, v.Err)
}

func decodeTaskError(d *errwire.Decoder) *TaskError {
	return &TaskError{Index: int(d.Varint()), Label: d.String(), Attempt: int(d.Varint()), Err: d.Error()}
}

// A panic's value arrives as an error if it was one, else as its text.
func appendPanicError(e *errwire.Encoder, b []byte, v *PanicError) []byte {
	err, isError := v.Value.(error)
	b = e.Error(b, err)
	text := ""
	if !isError {
		text = panicText(v.Value)
	}
	b = errwire.AppendString(b, text)
	return errwire.AppendString(b, v.Stack)
}

// panicText guards against a String method that panics with something that
// fmt passes on.
func panicText(v any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("a %T", v)
		}
	}()
	return fmt.Sprint(v)
}

func decodePanicError(d *errwire.Decoder) *PanicError {
	err, text := d.Error(), d.String()
	v := &PanicError{Value: text, Stack: d.Bytes()}
	if err != nil {
		v.Value = err
	}
	return v
}

func appendTimeoutError(_ *errwire.Encoder, b []byte, v *TimeoutError) []byte {
	b = binary.AppendVarint(b, int64(v.Limit))
	b = binary.AppendVarint(b, int64(v.Took))
	b = append(b, flag(v.Killed), flag(v.Abandoned))
	b = binary.AppendVarint(b, int64(v.PID))
	return errwire.AppendString(b, v.Stack)
}

func decodeTimeoutError(d *errwire.Decoder) *TimeoutError {
	return &TimeoutError{Limit: time.Duration(d.Varint()), Took: time.Duration(d.Varint()),
		Killed: d.Uvarint() != 0, Abandoned: d.Uvarint() != 0, PID: int(d.Varint()), Stack: d.Bytes()}
}

func appendWorkerError(_ *errwire.Encoder, b []byte, v *WorkerError) []byte {
	b = binary.AppendVarint(b, int64(v.PID))
	b = errwire.AppendString(b, string(v.Cause))
	b = errwire.AppendString(b, v.Signal)
	b = binary.AppendVarint(b, int64(v.ExitCode))
	b = binary.AppendVarint(b, v.PeakRSS)
	b = errwire.AppendString(b, v.Stderr)
	b = errwire.AppendString(b, v.Dump)
	return errwire.AppendString(b, v.Reason)
}

func decodeWorkerError(d *errwire.Decoder) *WorkerError {
	return &WorkerError{PID: int(d.Varint()), Cause: Cause(d.String()), Signal: d.String(), ExitCode: int(d.Varint()),
		PeakRSS: d.Varint(), Stderr: d.String(), Dump: d.String(), Reason: d.String()}
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}
