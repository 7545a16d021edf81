//go:build !unix

package child

import "errors"

var noQuota = errors.New("no such limit here")
