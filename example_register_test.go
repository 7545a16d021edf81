package parfor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"parfor.dev/parfor"
)

// length is a body with a name of its own.
func length(_ context.Context, s string) (int, error) { return len(s), nil }

var _ = parfor.Register(length)

// A registered function is used as any other; it may now also run on worker
// processes.
func ExampleRegister() {
	lengths, err := parfor.Map(context.Background(), []string{"a", "bb", "ccc"}, length)
	fmt.Println(lengths, err)
	// Output: [1 2 3] <nil>
}

func prefixer(prefix string) func(context.Context, string) (string, error) {
	return func(_ context.Context, s string) (string, error) { return prefix + s, nil }
}

// A closure has no name of its own. Every process makes it in the same way,
// here in a package variable, and loops are given that variable.
var greet = parfor.RegisterAs("greet", prefixer("hello "))

func ExampleRegisterAs() {
	texts, err := parfor.Map(context.Background(), []string{"Ann", "Bob"}, greet)
	fmt.Println(strings.Join(texts, ", "), err)
	// Output: hello Ann, hello Bob <nil>
}

func upload(_ context.Context, name string) error {
	if name == "" {
		return errors.New("no name")
	}
	return nil
}

var _ = parfor.RegisterEach(upload)

func ExampleRegisterEach() {
	err := parfor.Each(context.Background(), []string{"a.png", ""}, upload)
	fmt.Println(err)
	// Output: parfor: item 1: no name
}

var remove = parfor.RegisterEachAs("remove", func(_ context.Context, name string) error { return nil })

func ExampleRegisterEachAs() {
	fmt.Println(parfor.Each(context.Background(), []string{"a.tmp", "b.tmp"}, remove))
	// Output: <nil>
}

// ErrEmpty is compared with errors.Is, so it is registered as a value.
var ErrEmpty = parfor.RegisterError(errors.New("empty input"))

// StatusError is found with errors.As, so its type is registered.
type StatusError struct{ Code int }

func (e *StatusError) Error() string { return fmt.Sprint("status ", e.Code) }

var _ = parfor.RegisterError((*StatusError)(nil))

func fetch(_ context.Context, url string) (string, error) {
	switch url {
	case "":
		return "", ErrEmpty
	case "/busy":
		return "", fmt.Errorf("fetch %s: %w", url, &StatusError{503})
	}
	return "page", nil
}

var _ = parfor.Register(fetch)

// On every executor errors.Is and errors.As see the same.
func ExampleRegisterError() {
	_, err := parfor.Map(context.Background(), []string{"/", "", "/busy"}, fetch, parfor.KeepGoing())
	var status *StatusError
	fmt.Println(errors.Is(err, ErrEmpty), errors.As(err, &status), status.Code)
	// Output: true true 503
}
