//go:build !unix

// Package procgroup is about process groups, which this system lacks.
package procgroup

import "time"

// Guard guards nothing.
type Guard struct{}

// NewGuard returns nil.
func NewGuard(time.Duration) *Guard { return nil }

// Start does nothing, and neither do the others.
func (*Guard) Start() {}

func (*Guard) Add(int) int { return 0 }

func (*Guard) Remove(int) {}

func (*Guard) Close() {}
