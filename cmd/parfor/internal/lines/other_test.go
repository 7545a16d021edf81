//go:build !unix

package lines

import (
	"strings"
	"testing"
)

func TestUnsupported(t *testing.T) {
	if _, err := New(Config{Argv: []string{"cmd"}}); err == nil || !strings.Contains(err.Error(), "not supported") {
		t.Error(err)
	}
}
