//go:build unix && !linux

package child

func setPidfd(on bool) bool { return on }
