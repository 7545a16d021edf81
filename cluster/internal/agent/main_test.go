package agent

import (
	"testing"

	"parfor.dev/parfor/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }
