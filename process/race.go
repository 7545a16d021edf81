//go:build race

package process

import (
	"os"
	"strings"
)

const raced = true

// raceEnv spares workers the second for which the race detector's runtime
// sleeps at the end of every process.
func raceEnv() []string {
	set := os.Getenv("GORACE")
	if strings.Contains(set, "atexit_sleep_ms") {
		return nil
	}
	return []string{"GORACE=" + strings.TrimSpace(set+" atexit_sleep_ms=10")}
}
