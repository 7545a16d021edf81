package cluster_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/embed"
	"parfor.dev/parfor/process"
)

// diskOf makes a server's disk one of that many bytes, of its own.
const diskOf = "PARFOR_TEST_DISK"

// openOn runs a server on a folder, and on a disk of its own if it is told to.
func openOn(ctx context.Context, dir string) (*embed.Server, error) {
	size := os.Getenv(diskOf)
	if size == "" {
		return embed.Open(ctx, dir)
	}
	store := filepath.Join(dir, "store")
	err := errors.Join(os.MkdirAll(store, 0o700), syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""),
		syscall.Mount("tmpfs", store, "tmpfs", 0, "mode=700,size="+size))
	if err != nil {
		return nil, err
	}
	return embed.Open(ctx, dir, embed.MaxStore(1<<30))
}

// apart has a program see other mounts, or another network, than we do.
func apart(cmd *exec.Cmd, what uintptr) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: what}
	if uid := os.Geteuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
}

// A server whose disk is full ends its store, and would answer nothing for ever:
// the loop fails in a way that says so. What it had reported is right.
func TestDiskFull(t *testing.T) {
	if !*faults {
		t.Skip("a server that stores nothing is given up after half a minute: run it with -faults")
	}
	dir := t.TempDir()
	cmd := again(serverOf+"="+dir, diskOf+"=3m")
	apart(cmd, syscall.CLONE_NEWNS)
	if err := begin(t, cmd); err != nil {
		t.Skipf("it takes a mount namespace: %v", err)
	}
	url := ""
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	until(t, func() (is bool) {
		select {
		case <-ended:
			t.Skip("it takes a tmpfs")
		default:
		}
		var err error
		url, err = cluster.LocalURL(dir)
		return err == nil
	})
	x, err := cluster.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	agent := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		agent <- cluster.Serve(ctx, url, cluster.Processes(2, process.Stderr(io.Discard)), cluster.DrainGrace(time.Second))
	}()
	slotsOf(t, x, 2)
	results := 0
	var last error
	began := time.Now()
	for r, err := range parfor.Stream(long(t), slices.Values(rows(1000, 100<<10)), echo, parfor.On(x), parfor.Chunk(1), parfor.InOrder()) {
		if err != nil {
			last = err
			continue
		}
		if !bytes.Equal(r.Out, r.In) {
			t.Errorf("item %d: another result", r.Index)
		}
		results++
	}
	t.Logf("%d results, then, after %v: %v", results, time.Since(began).Round(time.Second), last)
	if !errors.Is(last, cluster.ErrNoStore) || !strings.Contains(last.Error(), "disk") {
		t.Errorf("got %v", last)
	}
	select {
	case err := <-agent: // it could return no results
		if !errors.Is(err, cluster.ErrNoStore) {
			t.Errorf("Serve: %v", err)
		}
	case <-time.After(10 * time.Second):
		cancel()
		<-agent // it had nothing to store
	}
	cancel()
	t.Logf("Close: %v", x.Close())
}
