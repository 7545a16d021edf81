package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// quiet keeps warnings out of the test's output.
func quiet(t *testing.T) {
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
}

func TestLedgerReportsUnread(t *testing.T) {
	quiet(t)
	var l Ledger
	var fs []*Failure
	for i := range 30 {
		fs = append(fs, l.Fail(fmt.Errorf("parfor: item %d: bad", i)))
	}
	for _, f := range fs[:10] {
		f.Read()
		f.Read()
	}
	for _, f := range fs[15:] {
		f.Lost()
		f.Lost()
	}
	err := l.Close()
	var u *Unread
	if !errors.As(err, &u) || u.Count != 20 || len(u.First) != keptFailures {
		t.Fatalf("got %v", err)
	}
	if text := u.Error(); !strings.Contains(text, "20 futures failed") || !strings.Contains(text, "item 10: bad; item 11: bad") ||
		!strings.HasSuffix(text, "and 12 more") {
		t.Error(text)
	}
	for _, f := range fs {
		f.Lost()
		f.Read()
	}
	(*Failure)(nil).Read()
	if err := l.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	l.Fail(errors.New("parfor: late"))
	if text := l.Close().Error(); text != "parfor: a future failed and nobody read its error (with Result or Err): late" {
		t.Error(text)
	}
}

// Failures whose futures are gone are kept up to a bound, then counted.
func TestLedgerKeepsFewLostFailures(t *testing.T) {
	quiet(t)
	var l Ledger
	for i := range 1000 {
		l.Fail(fmt.Errorf("%d", i)).Lost()
	}
	if n := l.kept.Len(); n != keptFailures {
		t.Errorf("%d are kept", n)
	}
	var u *Unread
	if err := l.Close(); !errors.As(err, &u) || u.Count != 1000 || u.First[0].Error() != "0" {
		t.Errorf("got %v", err)
	}
}

func TestBacklogIsBoundedAndFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l Ledger
		for range backlogLimit {
			if _, err := l.Admit(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := l.TryAdmit(); err != ErrFull {
			t.Errorf("got %v", err)
		}
		if n, err := l.AdmitStarted(); n != backlogLimit || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		over, cancel := context.WithCancel(t.Context())
		gaveUp := make(chan error)
		go func() { _, err := l.Admit(over); gaveUp <- err }()
		synctest.Wait()
		var order []int
		var mu sync.Mutex
		for i := range 5 {
			go func() {
				n, err := l.Admit(t.Context())
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					order = append(order, i, n)
				} else if err == ErrShut {
					order = append(order, -i)
				}
			}()
			synctest.Wait()
		}
		cancel()
		if err := <-gaveUp; err != context.Canceled {
			t.Errorf("got %v", err)
		}
		for range 2 {
			l.Started(1)
			synctest.Wait()
		}
		if want := []int{0, backlogLimit + 1, 1, backlogLimit + 2}; !slices.Equal(order, want) {
			t.Errorf("admitted %v, want %v", order, want)
		}
		order = nil
		closed := make(chan error, 1)
		go func() { closed <- l.Close() }()
		synctest.Wait()
		slices.Sort(order)
		if want := []int{-4, -3, -2}; !slices.Equal(order, want) {
			t.Errorf("refused %v, want %v", order, want)
		}
		for range backlogLimit + 3 {
			l.Settle()
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
		if _, err := l.TryAdmit(); err != ErrShut {
			t.Errorf("got %v", err)
		}
	})
}
