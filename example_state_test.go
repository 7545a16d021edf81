package parfor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"parfor.dev/parfor"
)

// client stands for what is costly to make and safe to share.
type client struct{ base string }

func (c *client) get(path string) string { return c.base + path }
func (c *client) Close() error           { fmt.Println("closed"); return nil }

var api = parfor.PerWorker(
	func(context.Context) (*client, error) {
		fmt.Println("opened")
		return &client{"https://example.org/"}, nil
	},
	(*client).Close)

func page(ctx context.Context, path string) (string, error) {
	c, err := api.Get(ctx)
	if err != nil {
		return "", err
	}
	return c.get(path), nil
}

func ExamplePerWorker() {
	defer api.Close() // worker processes do this themselves
	pages, err := parfor.Map(context.Background(), []string{"a", "b"}, page)
	fmt.Println(pages, err)
	// Output:
	// opened
	// [https://example.org/a https://example.org/b] <nil>
	// closed
}

// builder must not be used by two bodies at once.
var builder = parfor.PerSlot(
	func(context.Context) (*strings.Builder, error) { return new(strings.Builder), nil },
	nil)

func ExamplePerSlot() {
	shout := func(ctx context.Context, s string) (string, error) {
		b, err := builder.Get(ctx)
		if err != nil {
			return "", err
		}
		b.Reset()
		b.WriteString(strings.ToUpper(s))
		b.WriteByte('!')
		return b.String(), nil
	}
	texts, err := parfor.Map(context.Background(), []string{"go", "on"}, shout)
	fmt.Println(texts, err)
	// Output: [GO! ON!] <nil>
}

// A body that leaves its value in a bad state says so.
func ExampleSlotVar_Discard() {
	connection := parfor.PerSlot(
		func(context.Context) (string, error) { fmt.Println("connect"); return "conn", nil },
		func(string) error { fmt.Println("disconnect"); return nil })
	err := parfor.Each(context.Background(), []int{1, 2}, func(ctx context.Context, n int) error {
		if _, err := connection.Get(ctx); err != nil {
			return err
		}
		if n == 1 {
			connection.Discard(ctx)
			return errors.New("protocol out of step")
		}
		return nil
	}, parfor.Workers(1), parfor.KeepGoing())
	fmt.Println(err)
	_ = connection.Close()
	// Output:
	// connect
	// disconnect
	// connect
	// parfor: item 0: protocol out of step
	// disconnect
}

// Rates is what a closure would have captured.
type Rates map[string]float64

func convert(ctx context.Context, currency string) (float64, error) {
	rate, ok := parfor.Arg[Rates](ctx)[currency]
	if !ok {
		return 0, fmt.Errorf("no rate for %s", currency)
	}
	return 100 * rate, nil
}

var _ = parfor.Register(convert)

func ExampleWith() {
	rates := Rates{"EUR": 1, "USD": 1.25}
	sums, err := parfor.Map(context.Background(), []string{"USD", "EUR"}, convert, parfor.With(rates))
	fmt.Println(sums, err)
	// Output: [125 100] <nil>
}

func ExampleArg() {
	type greeting string
	err := parfor.Each(context.Background(), []string{"Ann"}, func(ctx context.Context, name string) error {
		fmt.Println(parfor.Arg[greeting](ctx), name)
		return nil
	}, parfor.With(greeting("hello")))
	fmt.Println(err)
	// Output:
	// hello Ann
	// <nil>
}

type tenantKey struct{}

// Bodies on worker processes see the tenant too.
var _ = parfor.Propagate[string](tenantKey{})

type userKey struct{}

// What another package puts into contexts, under a key that only it has.
func userOf(ctx context.Context) (string, bool) {
	user, has := ctx.Value(userKey{}).(string)
	return user, has
}

func withUser(ctx context.Context, user string) context.Context {
	return context.WithValue(ctx, userKey{}, user)
}

// Bodies on worker processes find the user where its package looks for it.
var _ = parfor.PropagateFunc("example.com/user", userOf, withUser)

func ExamplePropagateFunc() {
	ctx := withUser(context.Background(), "ada")
	err := parfor.Each(ctx, []int{7}, func(ctx context.Context, n int) error {
		user, _ := userOf(ctx)
		fmt.Println(user, n)
		return nil
	})
	fmt.Println(err)
	// Output:
	// ada 7
	// <nil>
}

func ExamplePropagate() {
	ctx := context.WithValue(context.Background(), tenantKey{}, "acme")
	err := parfor.Each(ctx, []int{7}, func(ctx context.Context, n int) error {
		fmt.Println(ctx.Value(tenantKey{}), n)
		return nil
	})
	fmt.Println(err)
	// Output:
	// acme 7
	// <nil>
}
