//go:build unix

package process

import (
	"strings"
	"testing"

	"parfor.dev/parfor"
)

// The Go runtime's code is 2 for nearly everything. What it was stands on standard
// error, if that was open.
func TestCauseOfACode2(t *testing.T) {
	for text, want := range map[string]parfor.Cause{
		"runtime: goroutine stack exceeds 67108864-byte limit\n": parfor.StackOverflow,
		"fatal error: runtime: out of memory\n":                  parfor.OOM,
		"SIGSEGV: segmentation violation\nPC=0x43365d m=4 sigcode=1 addr=0x0\n\ngoroutine 0 gp=0x1 m=4 mp=0x2 [idle]:\nruntime.(*spanQueue).tryDrain(0x5, 0x6, 0x7)\n": parfor.OOM,
		"SIGSEGV: segmentation violation\nPC=0x43365d m=4 sigcode=1 addr=0x0\n\ngoroutine 7 gp=0x1 m=4 mp=0x2 [running]:\nmain.crash()\n":                              parfor.Fault,
		"a line without an endSIGSEGV: segmentation violation\nPC=0x1\n":                                                                                               parfor.Fault,
		"unexpected fault address 0x70000000\nfatal error: fault\n":                                                                                                    parfor.Fault,
		"fatal error: concurrent map writes\n":                                                                                                                         parfor.FatalError,
		"panic: in a goroutine\n\ngoroutine 9 [running]:\n":                                                                                                            parfor.FatalError,
		"SIGABRT: abort\nPC=0x1\n": parfor.FatalError,
		"usage: tool [flags]\n":    parfor.Exit,
		"":                         parfor.Exit,
	} {
		d := death{code: 2, stderr: text}
		if got := d.judge(); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
		if text == "" && !strings.Contains(d.err().Error(), "closed that") {
			t.Errorf("a death that says nothing reads %q", d.err())
		}
	}
}
