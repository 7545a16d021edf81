package dict_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parfor.dev/parfor/dict"
)

func TestSaveRefusesWhatWouldBeLost(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{filepath.Join(dir, "d.csv"), filepath.Join(dir, "none", "d.csv"), dir + "/."} {
		d := fresh[string, int](t)
		opts := []dict.FileOption{dict.As(dict.JSON)}
		d.Set(bg, "\xff", 1)
		err := d.Save(bg, path, opts...)
		if err == nil || strings.Count(err.Error(), "dict: ") != 1 {
			t.Errorf("%s: %v", path, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// slow cancels a context, or panics, in the middle of a Save.
type slow int

var midSave func(slow)

func (s slow) MarshalText() ([]byte, error) {
	midSave(s)
	return fmt.Appendf(nil, "%d", int(s)), nil
}
func (s *slow) UnmarshalText(b []byte) error { _, err := fmt.Sscan(string(b), (*int)(s)); return err }

func TestSaveIsAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "d.csv")
	d := fresh[int, slow](t)
	for i := range 100 {
		d.Set(bg, i, slow(i))
	}
	check := func(want string, mode fs.FileMode) {
		t.Helper()
		b, err := os.ReadFile(path)
		at, _ := os.Stat(path)
		left, _ := os.ReadDir(dir)
		if err != nil || !strings.HasPrefix(string(b), want) || len(left) != 1 || at.Mode() != mode {
			t.Errorf("%q, %v, %v, %v", b, at.Mode(), left, err)
		}
	}
	midSave = func(slow) {}
	if err := d.Save(bg, path); err != nil {
		t.Fatal(err)
	}
	check("key,value\n0,0\n", 0o600)
	os.WriteFile(path, []byte("old"), 0o600)
	os.Chmod(path, 0o640)

	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(bg)
	midSave = func(s slow) {
		switch {
		case s == 50:
			cancel(why)
		case s > 50:
			t.Error("it went on after the end of its context")
		}
	}
	if err := d.Save(ctx, path); !errors.Is(err, why) {
		t.Errorf("cancelled: %v", err)
	}
	check("old", 0o640)
	midSave = func(slow) { panic("marshaler") }
	func() {
		defer func() { recover() }()
		d.Save(bg, path)
		t.Error("no panic")
	}()
	check("old", 0o640)
	midSave = func(slow) {}
	if err := d.Load(ctx, path); !errors.Is(err, why) {
		t.Errorf("Load with a done context: %v", err)
	}
	if err := d.Save(bg, path, dict.Unsorted()); err != nil {
		t.Fatal(err)
	}
	check("key,value\n", 0o640)
}

func TestSaveFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file.csv"), filepath.Join(dir, "link.csv")
	os.WriteFile(file, nil, 0o644)
	if err := os.Symlink(file, link); err != nil {
		t.Skip(err)
	}
	if err := fresh[int, int](t).Save(bg, link); err != nil {
		t.Fatal(err)
	}
	at, _ := os.Lstat(link)
	b, _ := os.ReadFile(file)
	if at.Mode()&fs.ModeSymlink == 0 || string(b) != "key,value\n" {
		t.Errorf("%v, %q", at.Mode(), b)
	}
}

// TestD5_SaveSeesOneMoment moves amounts between accounts while it saves.
func TestD5_SaveSeesOneMoment(t *testing.T) {
	type list = []int // not a word, so that both kinds of tables are seen
	d, e := fresh[int, int](t), fresh[int, list](t)
	const accounts = 1000
	stop, done := make(chan struct{}), make(chan struct{})
	move := func(i int) {
		c := attempt(nil)
		d.Add(c, i%accounts, 1)
		d.Add(c, (i*7+1)%accounts, -1)
		e.Set(c, i%accounts, list{i})
		e.Set(c, i%accounts+accounts, list{-i})
		finish(t, c, true)
	}
	for i := range accounts {
		move(i)
	}
	go func() {
		defer close(done)
		for i := accounts; ; i++ {
			select {
			case <-stop:
				return
			default:
				move(i)
			}
		}
	}()
	for _, sorted := range [][]dict.FileOption{nil, {dict.Unsorted()}} {
		for range 10 {
			var b, c bytes.Buffer
			if err := errors.Join(d.Encode(bg, &b, dict.JSONL, sorted...), e.Encode(bg, &c, dict.JSONL, sorted...)); err != nil {
				t.Fatal(err)
			}
			got, lists := fresh[int, int](t), fresh[int, list](t)
			if err := errors.Join(got.Decode(bg, &b, dict.JSONL), lists.Decode(bg, &c, dict.JSONL)); err != nil {
				t.Fatal(err)
			}
			sum := 0
			for _, v := range got.All(bg) {
				sum += v
			}
			for _, v := range lists.All(bg) {
				sum += v[0]
			}
			if sum != 0 {
				t.Fatalf("the sum is %d", sum)
			}
		}
	}
	close(stop)
	<-done
}
