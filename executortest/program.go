package executortest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// endsProgram checks that what it is given ends the whole program, with these
// words: it runs this very check in a test binary of its own.
func endsProgram(t *testing.T, end func(), words ...string) {
	t.Helper()
	const marker = "PARFOR_EXECUTORTEST_END"
	if os.Getenv(marker) == t.Name() {
		end()
		return // and the check of the other process fails
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var exact []string
	for part := range strings.SplitSeq(t.Name(), "/") {
		exact = append(exact, "^"+regexp.QuoteMeta(part)+"$")
	}
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run="+strings.Join(exact, "/"))
	cmd.Env = append(os.Environ(), marker+"="+t.Name())
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || strings.Contains(string(out), "--- FAIL") || ctx.Err() != nil {
		t.Errorf("the program went on: %v\n%s", err, out)
	}
	for _, w := range words {
		if !strings.Contains(string(out), w) {
			t.Errorf("the program's last words lack %q:\n%s", w, out)
		}
	}
}
