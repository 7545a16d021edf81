//go:build !linux

package cluster_test

import (
	"context"

	"parfor.dev/parfor/cluster/embed"
)

// openOn runs a server on a folder.
func openOn(ctx context.Context, dir string) (*embed.Server, error) { return embed.Open(ctx, dir) }

func joinNetwork() error { return nil }
