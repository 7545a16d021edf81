//go:build !unix

package process

func limitMemory(int64) error           { return nil }
func limitFiles(uint64) error           { return nil }
func setNice(int) error                 { return nil }
func setOOMScore(int) error             { return nil }
func mayOpen(int) error                 { return unsupported("OpenFiles", "limit on descriptors") }
func mayNice(int) error                 { return unsupported("Nice", "nice value") }
func mayUse([]int) error                { return nil }
func bound(_ int, f func() error) error { return f() }
