package names

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"sync"
)

// Program is which program runs: functions of one never run in another.
type Program struct {
	Path    string // of its main package
	Build   string
	Version string // if it is given, only that and the functions' names count
}

// Self is the running program.
func Self(version string) (Program, error) {
	p := Program{Path: "(unknown)", Version: version}
	if info, ok := debug.ReadBuildInfo(); ok && info.Path != "" {
		p.Path = info.Path
	}
	if version != "" {
		return p, nil
	}
	var err error
	p.Build, err = build()
	return p, err
}

// build tells builds apart: by the ID that the linker has written into the
// executable, which is a hash of what it was made of, or by the hash of the
// file if there is none.
var build = sync.OnceValues(func() (string, error) {
	name, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("parfor: the program's own file, which tells its build: %w", err)
	}
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("parfor: the program's own file, which tells its build: %w", err)
	}
	defer f.Close()
	head := make([]byte, 64<<10)
	n, _ := io.ReadFull(f, head)
	if _, after, ok := bytes.Cut(head[:n], []byte("\xff Go build ID: \"")); ok {
		if id, _, ok := bytes.Cut(after, []byte("\"\n \xff")); ok && len(id) > 0 {
			return string(id), nil
		}
	}
	h := sha256.New()
	h.Write(head[:n])
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("parfor: the program's own file, which tells its build: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
})

// Lane is the queue of a function's items. Agents of the same program and
// build take from it, or of any program with the same version.
func (p Program) Lane(function string) string {
	h := sha256.New()
	if p.Version != "" {
		fmt.Fprintf(h, "version\x00%s\x00%s", p.Version, function)
	} else {
		fmt.Fprintf(h, "build\x00%s\x00%s\x00%s", p.Path, p.Build, function)
	}
	sum := strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)[:10]))
	return readable(function) + "-" + sum
}

// Shares reports whether a function may be one of a lane that programs share:
// every program's body is called main.post.
func (p Program) Shares(function string) bool {
	return p.Version == "" || !strings.HasPrefix(function, "main.")
}

// readable is what people see of the function's name.
func readable(function string) string {
	name := function[strings.LastIndexByte(function, '/')+1:]
	keep := func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-':
			return r
		}
		return '_'
	}
	return strings.Map(keep, name[:min(len(name), 40)])
}
