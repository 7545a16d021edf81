package child

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// found are the programs that PATH was searched for: name to path. Only names
// that were found are kept, so a program may be installed meanwhile.
var found sync.Map

// Find returns the path of a program: of one without a slash in its name the
// first in this process's PATH that can be run, and that from then on; of
// another the name itself. The error is a [*StartError] with the code that a
// shell would exit with.
func Find(name string) (string, error) {
	if strings.ContainsRune(name, '/') || strings.ContainsRune(name, filepath.Separator) {
		return name, nil // exec looks at it anyway, and says what is wrong
	}
	if path, ok := found.Load(name); ok {
		return path.(string), nil
	}
	path, err := exec.LookPath(name)
	if err == nil {
		if path, err = filepath.Abs(path); err == nil {
			found.Store(name, path)
			return path, nil
		}
	}
	return "", lookupError(name, err)
}

// Check is [Find], and an error too if a program with a slash in its name, seen
// from dir, can't be run. It is for the moment before anything has run.
func Check(name, dir string) error {
	path, err := Find(name)
	if err != nil {
		return err
	}
	if !filepath.IsAbs(path) && dir != "" {
		path = filepath.Join(dir, path)
	}
	if _, err := exec.LookPath(path); err != nil {
		return lookupError(name, err)
	}
	return nil
}

func lookupError(name string, err error) error {
	var lookup *exec.Error
	if errors.As(err, &lookup) {
		err = lookup.Err
	}
	switch {
	case errors.Is(err, exec.ErrDot):
		return &StartError{name, CodeCannotRun, fmt.Errorf("PATH finds it in the current folder only: write ./%s", name)}
	case errors.Is(err, fs.ErrPermission):
		return &StartError{name, CodeCannotRun, fmt.Errorf("%w: it isn't executable (chmod +x)", err)}
	case errors.Is(err, exec.ErrNotFound):
		if path := unexecutable(name); path != "" {
			return &StartError{name, CodeCannotRun, fmt.Errorf("%s is there but not executable (chmod +x)", path)}
		}
		return &StartError{name, CodeNotFound, errors.New("no such program in PATH")}
	case errors.Is(err, fs.ErrNotExist):
		return &StartError{name, CodeNotFound, errors.New("no such program")}
	}
	return &StartError{name, CodeCannotRun, err}
}

// unexecutable is the file of that name in PATH that just lacks the right to
// be run.
func unexecutable(name string) string {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}
