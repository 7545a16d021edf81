//go:build unix

package progress

import "golang.org/x/sys/unix"

func terminalWidth(fd uintptr) (int, bool) {
	size, err := unix.IoctlGetWinsize(int(fd), unix.TIOCGWINSZ)
	if err != nil {
		return 0, false
	}
	return int(size.Col), true
}
