package progress

import "golang.org/x/sys/windows"

// terminalWidth also asks the console to understand escape sequences: one that
// can't is no terminal to us.
func terminalWidth(fd uintptr) (int, bool) {
	h := windows.Handle(fd)
	var mode uint32
	if windows.GetConsoleMode(h, &mode) != nil {
		return 0, false
	}
	if mode&windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING == 0 &&
		windows.SetConsoleMode(h, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) != nil {
		return 0, false
	}
	var info windows.ConsoleScreenBufferInfo
	if windows.GetConsoleScreenBufferInfo(h, &info) != nil {
		return 0, false
	}
	return int(info.Window.Right-info.Window.Left) + 1, true
}
