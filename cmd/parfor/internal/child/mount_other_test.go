//go:build unix && !linux

package child

import (
	"errors"
	"testing"
)

func mountTmpfs(string, string) error { return errors.ErrUnsupported }
func unmount(*testing.T, string)      {}
