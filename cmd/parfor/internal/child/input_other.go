//go:build !unix

package child

import (
	"bytes"
	"io"
)

func input(c *Command) io.Reader {
	if c.StdinFrom != nil {
		return c.StdinFrom
	}
	return bytes.NewReader(c.Stdin)
}
