package dicttest

import (
	"context"
	"errors"

	"parfor.dev/parfor"
)

// crawl claims a page, reads what the task that added it wrote, and adds the
// pages it links to. Its first attempt fails now and then, and its process is
// killed where it is another one.
func crawl(ctx context.Context, page int) (bool, error) {
	mine, err := visited.Claim(ctx, itoa(page))
	if err != nil || !mine {
		return false, err
	}
	if err := visited.Add(ctx, itoa(page), 1); err != nil {
		return false, err
	}
	for _, link := range []int{2 * page, 2*page + 1, page / 2, 3 * page} {
		if link > 0 && link < crawled {
			if err := parfor.Add(ctx, link); err != nil {
				return false, err
			}
		}
	}
	if parforAttempt(ctx) == 1 && page%5 == 2 {
		return false, errBody
	}
	return true, nil
}

// crawlOrDie is crawl whose process is killed now and then.
func crawlOrDie(ctx context.Context, page int) (bool, error) {
	mine, err := crawl(ctx, page)
	if mine && parforAttempt(ctx) == 1 && page%31 == 30 {
		die(ctx)
	}
	return mine, err
}

var (
	_ = parfor.Register(crawl)
	_ = parfor.Register(crawlOrDie)
	_ = parfor.Register(descend)
	_ = parfor.Register(contend)
)

const crawled = 200

// Each page is fetched by one task that succeeds, whatever became of others.
func groupCrawls(f *fixture) {
	body := crawl
	if f.remote {
		body = crawlOrDie
	}
	fetched, all := map[int]int{}, map[string]int{}
	for r, err := range parfor.Group(f.Context(), []int{1}, body, parfor.On(f.x), parfor.Attempts(20)) {
		if err != nil {
			f.Fatal(err)
		}
		if r.Out {
			fetched[r.In]++
		}
	}
	for page := 1; page < crawled; page++ {
		all[itoa(page)] = 1
		if fetched[page] != 1 {
			f.Errorf("page %d was fetched %d times", page, fetched[page])
		}
	}
	want(f, visited, all)
}

// descend finds what the task that added it has written.
func descend(ctx context.Context, n int) (int, error) {
	if n > 1 {
		if v, ok, err := ints.Get(ctx, n/2); err != nil || !ok || v != n/2 {
			return 0, errors.Join(errBody, err)
		}
	}
	if err := ints.Set(ctx, n, n); err != nil {
		return 0, err
	}
	if n < 1<<8 {
		return n, parfor.Add(ctx, 2*n, 2*n+1)
	}
	return n, nil
}

func groupSeesItsParent(f *fixture) {
	n := 0
	for _, err := range parfor.Group(f.Context(), []int{1}, descend, parfor.On(f.x)) {
		if err != nil {
			f.Fatal(err)
		}
		n++
	}
	if n != 1<<9-1 {
		f.Errorf("%d tasks", n)
	}
}

// contend counts on one key by reading and writing it, which conflicts.
func contend(ctx context.Context, n int) (int, error) {
	if n > 0 {
		if err := parfor.Add(ctx, n-1, n-1); err != nil {
			return 0, err
		}
	}
	v, _, err := ints.Get(ctx, 0)
	if err != nil {
		return 0, err
	}
	return n, ints.Set(ctx, 0, v+1)
}

func groupConflicts(f *fixture) {
	const depth = 7
	n := 0
	for _, err := range parfor.Group(f.Context(), []int{depth}, contend, parfor.On(f.x), parfor.OnConflict(parfor.Rerun), parfor.Attempts(1000)) {
		if err != nil {
			f.Fatal(err)
		}
		n++
	}
	if n != 1<<(depth+1)-1 {
		f.Errorf("%d tasks", n)
	}
	want(f, ints, map[int]int{0: n})
}
