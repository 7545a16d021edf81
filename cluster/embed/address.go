package embed

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

// address is what clients need to know of a folder's server. It is the content
// of a file with mode 0600, replaced as a whole, and outlives the server: the
// next one takes the same port and token if it can, so that clients find it.
type address struct {
	Version int    `json:"version"`
	Port    int    `json:"port"`
	Token   string `json:"token"`
}

const (
	addressVersion = 1
	addressFile    = "address.json"
	addressLimit   = 4096
	lockFile       = "lock"
	loopback       = "127.0.0.1"
)

func newAddress() address {
	secret := make([]byte, 32)
	rand.Read(secret)
	return address{Version: addressVersion, Token: base64.RawURLEncoding.EncodeToString(secret)}
}

func (a address) url() string {
	u := url.URL{Scheme: "nats", User: url.User(a.Token), Host: net.JoinHostPort(loopback, strconv.Itoa(a.Port))}
	return u.String()
}

// read reads a folder's address. The error is fs.ErrNotExist if there is none.
func read(dir string) (a address, err error) {
	name := filepath.Join(dir, addressFile)
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
		return a, fmt.Errorf("embed: others can read or write %s, which has the server's token: chmod 600 it, or remove it", name)
	}
	b, err := io.ReadAll(io.LimitReader(f, addressLimit))
	if err != nil {
		return a, err
	}
	return decodeAddress(b)
}

func decodeAddress(b []byte) (a address, err error) {
	if err := json.Unmarshal(b, &a); err != nil {
		return address{}, fmt.Errorf("embed: %s is malformed: %w", addressFile, err)
	}
	if a.Version != addressVersion || a.Port <= 0 || a.Port > 65535 || len(a.Token) < 32 {
		return address{}, fmt.Errorf("embed: %s is malformed, or of another version", addressFile)
	}
	return a, nil
}

// write replaces a folder's address.
func (a address) write(dir string) error {
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, addressFile+".*") // has mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, addressFile))
	}
	if err != nil {
		os.Remove(f.Name()) // the error that counts is the one before
	}
	return err
}

// answers reports whether somebody listens at the address.
func (a address) answers() bool {
	c, err := net.DialTimeout("tcp", net.JoinHostPort(loopback, strconv.Itoa(a.Port)), time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// known is the address of the server before, if the file is in order.
func known(dir string) (a address, found bool, err error) {
	a, err = read(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return a, false, nil
	case err != nil:
		return a, false, err
	}
	return a, true, nil
}
