//go:build unix && !linux

package process

func limitMemory(int64) error           { return nil }
func setOOMScore(int) error             { return nil }
func mayNice(int) error                 { return nil }
func mayUse([]int) error                { return nil }
func bound(_ int, f func() error) error { return f() }
