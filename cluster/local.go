package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"parfor.dev/parfor/cluster/internal/address"
)

// ErrNoServer means that a folder has no address of a server: none was ever
// started on it.
var ErrNoServer = errors.New("parfor: no server has run on this folder")

// LocalDir is the folder for the server that all programs of a user share on one
// machine, where parfor-node runs it: parfor/node in os.UserCacheDir. The error
// says that the system knows no such place. Nothing is made or opened.
func LocalDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("parfor: no folder for the server of this machine: %w", err)
	}
	return filepath.Join(cache, "parfor", "node"), nil
}

// LocalURL is where the server is that embed.Open runs on a folder, with its
// token: a secret. The address outlives the server, so that one may be returned
// of a server that doesn't run; Connect and Serve tell. The error is [ErrNoServer],
// or about the file, which only its owner may be able to read.
//
// Unlike embed.Open it links no server and starts none.
func LocalURL(dir string) (string, error) {
	a, err := address.Read(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w: %s", ErrNoServer, dir)
	}
	if err != nil {
		return "", err
	}
	return a.URL(), nil
}
