package dict

import "parfor.dev/parfor/internal/errwire"

func init() { errwire.Later(ownErrors) }

// ownErrors are the errors of this package that programs compare: they cross
// from worker processes as what they are. Those that parfor has too are its.
func ownErrors() (map[string]error, []*errwire.Kind) {
	return map[string]error{
		"dict.ErrClosed": ErrClosed,
		"dict.ErrExists": ErrExists,
		"dict.ErrFull":   ErrFull,
		"dict.ErrKey":    ErrKey,
	}, nil
}
