// Package address is the file in a folder that tells where the server that runs
// on it is. Its readers link no server.
package address

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Address is what clients need to know of a folder's server. It is the content
// of a file with mode 0600, replaced as a whole, and outlives the server: the
// next one takes the same port and token if it can, so that clients find it.
type Address struct {
	Version int    `json:"version"`
	Port    int    `json:"port"`
	Token   string `json:"token"`
}

const (
	// File is its name, below the folder.
	File = "address.json"
	// Loopback is the only host that there is.
	Loopback = "127.0.0.1"

	addressVersion = 1
	addressLimit   = 4096
)

// New is an address with a token of its own, and no port yet.
func New() Address {
	secret := make([]byte, 32)
	rand.Read(secret)
	return Address{Version: addressVersion, Token: base64.RawURLEncoding.EncodeToString(secret)}
}

// URL is the address with its token: a secret.
func (a Address) URL() string {
	u := url.URL{Scheme: "nats", User: url.User(a.Token), Host: net.JoinHostPort(Loopback, strconv.Itoa(a.Port))}
	return u.String()
}

// Read reads a folder's address. The error is fs.ErrNotExist if there is none.
func Read(dir string) (a Address, err error) {
	name := filepath.Join(dir, File)
	f, err := os.Open(name)
	if err != nil {
		return a, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return a, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return a, fmt.Errorf("parfor: others can read or write %s, which has the server's token: chmod 600 it, or remove it", name)
	}
	b, err := io.ReadAll(io.LimitReader(f, addressLimit))
	if err != nil {
		return a, err
	}
	if a, err = Decode(b); err != nil {
		return a, fmt.Errorf("%w: remove %s, and the next server writes it anew", err, name)
	}
	return a, nil
}

// Decode reads what the file has.
func Decode(b []byte) (a Address, err error) {
	if err := json.Unmarshal(b, &a); err != nil {
		return Address{}, fmt.Errorf("parfor: %s is malformed: %w", File, err)
	}
	if a.Version != addressVersion || a.Port <= 0 || a.Port > 65535 || len(a.Token) < 32 {
		return Address{}, fmt.Errorf("parfor: %s is malformed, or of another version", File)
	}
	return a, nil
}

// Write replaces a folder's address.
func (a Address) Write(dir string) error {
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, File+".*") // has mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, File))
	}
	if err != nil {
		os.Remove(f.Name()) // the error that counts is the one before
	}
	return err
}

// Answers reports whether somebody listens at the address.
func (a Address) Answers() bool {
	c, err := net.DialTimeout("tcp", net.JoinHostPort(Loopback, strconv.Itoa(a.Port)), time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// Known is the address of the server before, if the file is in order.
func Known(dir string) (a Address, found bool, err error) {
	a, err = Read(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return a, false, nil
	case err != nil:
		return a, false, err
	}
	return a, true, nil
}
