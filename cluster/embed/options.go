package embed

import (
	"errors"
	"fmt"
	"time"
)

// ErrOption marks an option that makes no sense.
var ErrOption = errors.New("embed: invalid option")

// Option changes how a server runs. Options of a program that joins another's
// server mean nothing.
type Option func(*options) error

type options struct {
	sync       bool
	maxStore   int64
	maxPayload int32
	start      time.Duration
}

func configure(opts []Option) (options, error) {
	o := options{maxPayload: 8 << 20, start: 10 * time.Second}
	var errs []error
	for _, opt := range opts {
		errs = append(errs, opt(&o))
	}
	return o, errors.Join(errs...)
}

// SyncAlways has the server write every message to the disk itself before it
// says that it has it. Without it the system does so within two minutes: a
// server or program that is killed loses nothing, a machine without power may
// lose the last moments. It costs some fifteen times the time of a message.
func SyncAlways() Option {
	return func(o *options) error { o.sync = true; return nil }
}

// MaxStore bounds the bytes on disk. The default is what the server finds
// right for the disk: three quarters of what is free.
func MaxStore(bytes int64) Option {
	return func(o *options) error {
		if bytes <= 0 {
			return fmt.Errorf("%w: MaxStore(%d): it takes a number of bytes above 0", ErrOption, bytes)
		}
		o.maxStore = bytes
		return nil
	}
}

// MaxPayload bounds the bytes of a message, and with them an encoded item or
// result. The default is 8 MiB; above that servers grow slow. At most 64 MiB.
func MaxPayload(bytes int) Option {
	return func(o *options) error {
		if bytes < 64<<10 || bytes > 64<<20 {
			return fmt.Errorf("%w: MaxPayload(%d): it takes 64 KiB to 64 MiB", ErrOption, bytes)
		}
		o.maxPayload = int32(bytes)
		return nil
	}
}
