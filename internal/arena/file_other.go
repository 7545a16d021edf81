//go:build !linux

package arena

import (
	"errors"
	"os"
)

// Elsewhere there is no file that its heirs can only read: worker processes ask.
func nameless() (*os.File, error)               { return nil, errors.ErrUnsupported }
func seal(*os.File) error                       { return errors.ErrUnsupported }
func mapWritable(*os.File, int) ([]byte, error) { return nil, errors.ErrUnsupported }
func mapReadable(*os.File, int) ([]byte, error) { return nil, errors.ErrUnsupported }
func unmap([]byte) error                        { return nil }
func extend(*os.File, []byte, int) error        { return errors.ErrUnsupported }
func punch(f *os.File, at, n int64)             {}
func collapse([]byte)                           {}

const hugePage = step
