//go:build unix && !linux

package procgroup

import (
	"os"
	"syscall"

	"parfor.dev/parfor/cmd/parfor/internal/child/spill"
)

var tells = false

// Attributes are those of a process that leads a group of its own. The system
// tells it nothing of the end of parfor; [Guard] does.
func Attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func nameless() (*os.File, error) { return spill.New("") }
