//go:build !unix

package request

import "time"

// alive can't look, and trusts a connection that was used a moment ago.
func (c *wireConn) alive() bool { return time.Since(c.idleSince) < 2*time.Second }
