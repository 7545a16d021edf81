//go:build unix && !linux

package child

// living is asked of a group that has processes, be they zombies.
func living(int) bool { return true }
