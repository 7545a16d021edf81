package docs

import (
	"context"
	"strings"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/process"
)

var seen = dict.New[string, struct{}]("seen")

// fetch returns the links of a page: every page links to two below it, and to
// the first.
func fetch(_ context.Context, page string) ([]string, error) {
	if len(page) > 5 {
		return []string{"/"}, nil
	}
	return []string{page + "a", page + "b", "/"}, nil
}

// visit fetches a page and adds those that it links to.
func visit(ctx context.Context, page string) (int, error) {
	mine, err := seen.Claim(ctx, page)
	if err != nil || !mine {
		return 0, err
	}
	links, err := fetch(ctx, page)
	if err != nil {
		return 0, err
	}
	return len(links), parfor.Add(ctx, links...)
}

func isDir(name string) bool { return strings.HasSuffix(name, "/") }

func list(_ context.Context, dir string) ([]string, error) {
	if len(dir) > 5 {
		return []string{dir + "file"}, nil
	}
	return []string{dir + "file", dir + "x/", dir + "y/"}, nil
}

// open adds from the tasks of a loop of its own.
func open(ctx context.Context, dir string) (int, error) {
	names, err := list(ctx, dir)
	if err != nil {
		return 0, err
	}
	return len(names), parfor.Each(ctx, names, func(ctx context.Context, name string) error {
		if isDir(name) {
			return parfor.Add(ctx, name)
		}
		return nil
	})
}

var (
	_ = parfor.Register(visit)
	_ = parfor.Register(open)
)

// TestGroups runs the code of groups.md on worker processes.
func TestGroups(t *testing.T) {
	ctx := t.Context()
	pool, err := process.NewPool(ctx, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	links, pages := 0, 0
	for r, err := range parfor.Group(ctx, []string{"/"}, visit, parfor.On(pool), parfor.Attempts(3)) {
		if err != nil {
			t.Fatal(err)
		}
		links++
		if r.Out > 0 {
			pages++
		}
	}
	if n, _ := seen.Len(ctx); pages != 1<<6-1 || n != pages || links != 1+62+63 {
		t.Errorf("%d pages, %d seen, %d links", pages, n, links)
	}
	dirs := 0
	for _, err := range parfor.Group(ctx, []string{"r/"}, open, parfor.On(pool)) {
		if err != nil {
			t.Fatal(err)
		}
		dirs++
	}
	if dirs != 1+2+4 {
		t.Errorf("%d directories", dirs)
	}
}
