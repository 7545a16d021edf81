package embed

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/internal/address"
	"parfor.dev/parfor/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

func opened(t *testing.T, dir string, opts ...Option) *Server {
	t.Helper()
	s, err := Open(t.Context(), dir, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func dial(t *testing.T, url string, opts ...nats.Option) (*nats.Conn, error) {
	nc, err := nats.Connect(url, opts...)
	if err == nil {
		t.Cleanup(nc.Close)
	}
	return nc, err
}

// The second to open a folder joins the first; when that is gone, the next is
// the server, at the same address and with what was kept.
func TestOneServerPerFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "parfor")
	first, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	second := opened(t, dir)
	if !first.Runs() || second.Runs() || first.URL() != second.URL() {
		t.Fatalf("%v at %s, %v at %s", first.Runs(), first.URL(), second.Runs(), second.URL())
	}
	nc, err := dial(t, second.URL())
	if err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "s", []byte("kept")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(first.Close(), first.Close(), second.Close()); err != nil {
		t.Fatal(err)
	}
	third := opened(t, dir)
	if !third.Runs() || third.URL() != first.URL() {
		t.Errorf("%v at %s", third.Runs(), third.URL())
	}
	var m *jetstream.RawStreamMsg
	for end := time.Now().Add(10 * time.Second); m == nil; { // the client is told of the end, and finds its way back on its own time
		if time.Now().After(end) {
			t.Fatal("the client did not find the server again")
		}
		m = kept(t, js)
	}
	if string(m.Data) != "kept" {
		t.Errorf("kept %q", m.Data)
	}
}

// kept is the first message of the stream, nil if it didn't come. What is asked
// while a server ends has no answer.
func kept(t *testing.T, js jetstream.JetStream) *jetstream.RawStreamMsg {
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	s, err := js.Stream(ctx, "S")
	if err != nil {
		return nil
	}
	m, err := s.GetMsg(ctx, 1)
	if err != nil {
		return nil
	}
	return m
}

// Nobody gets in without the token, and nothing listens beyond address.Loopback.
func TestNeedsToken(t *testing.T) {
	s := opened(t, t.TempDir())
	host, port, _ := strings.Cut(s.URL()[strings.Index(s.URL(), "@")+1:], ":")
	if host != address.Loopback {
		t.Errorf("it listens on %s", host)
	}
	for _, url := range []string{"nats://" + host + ":" + port, "nats://wrong@" + host + ":" + port} {
		if _, err := dial(t, url); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestFilesAreTheOwners(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "parfor")
	s := opened(t, dir)
	for name, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, address.File): 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v (%v)", name, info.Mode().Perm(), want, err)
		}
	}
	s.Close()
	if err := os.Chmod(filepath.Join(dir, address.File), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a token for everybody to read: %v", err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("a folder for everybody to write: %v", err)
	}
}

// A folder that somebody has locked without running a server is waited for, as
// long as the context says.
func TestLockedWithoutServer(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir)
	if err := os.Remove(filepath.Join(dir, address.File)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, dir); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	s.Close()
}

func TestOptions(t *testing.T) {
	_, err := Open(t.Context(), t.TempDir(), MaxStore(0), MaxPayload(1))
	if !errors.Is(err, ErrOption) || !strings.Contains(err.Error(), "MaxStore") || !strings.Contains(err.Error(), "MaxPayload") {
		t.Errorf("got %v", err)
	}
	if _, err := Open(t.Context(), ""); !errors.Is(err, ErrOption) {
		t.Errorf("got %v", err)
	}
	s := opened(t, t.TempDir(), SyncAlways(), MaxStore(1<<30), MaxPayload(1<<20))
	nc, err := dial(t, s.URL())
	if err != nil || nc.MaxPayload() != 1<<20 {
		t.Errorf("%d, %v", nc.MaxPayload(), err)
	}
}
