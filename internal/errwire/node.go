package errwire

import (
	"reflect"
	"time"
)

// plain is an error whose type stayed behind.
type plain struct {
	text string
	is   []string // names of sentinels
}

func (p *plain) Error() string { return p.text }

// Is reports what the original's own Is method, or its text and type, said
// about the known sentinels.
func (p *plain) Is(target error) bool {
	for _, name := range p.is {
		if s := sentinel(name); s != nil && same(s, target) || isForeign(name, target) {
			return true
		}
	}
	return false
}

func same(a, b error) bool {
	return reflect.ValueOf(b).Comparable() && a == b
}

type wrapper struct {
	plain
	kid error
}

func (w *wrapper) Unwrap() error { return w.kid }

type joiner struct {
	plain
	kids []error
}

func (j *joiner) Unwrap() []error { return j.kids }

// The methods a node may have had. A node must not have one more: errors.As
// with an interface, and a plain type assertion, tell the difference.
type (
	timeout   bool
	temporary bool
	retry     time.Duration
)

func (t timeout) Timeout() bool           { return bool(t) }
func (t temporary) Temporary() bool       { return bool(t) }
func (r retry) RetryAfter() time.Duration { return time.Duration(r) }

// dress gives a node the methods that p names.
func dress(p props, err error) error {
	t, m, r := timeout(p.bits&isTimeout != 0), temporary(p.bits&isTemporary != 0), retry(p.retry)
	has := p.bits & (hasTimeout | hasTemporary | hasRetry)
	switch n := err.(type) {
	case *wrapper:
		switch has {
		case hasTimeout:
			return &struct {
				*wrapper
				timeout
			}{n, t}
		case hasTemporary:
			return &struct {
				*wrapper
				temporary
			}{n, m}
		case hasRetry:
			return &struct {
				*wrapper
				retry
			}{n, r}
		case hasTimeout | hasTemporary:
			return &struct {
				*wrapper
				timeout
				temporary
			}{n, t, m}
		case hasTimeout | hasRetry:
			return &struct {
				*wrapper
				timeout
				retry
			}{n, t, r}
		case hasTemporary | hasRetry:
			return &struct {
				*wrapper
				temporary
				retry
			}{n, m, r}
		case hasTimeout | hasTemporary | hasRetry:
			return &struct {
				*wrapper
				timeout
				temporary
				retry
			}{n, t, m, r}
		}
	case *joiner:
		switch has {
		case hasTimeout:
			return &struct {
				*joiner
				timeout
			}{n, t}
		case hasTemporary:
			return &struct {
				*joiner
				temporary
			}{n, m}
		case hasRetry:
			return &struct {
				*joiner
				retry
			}{n, r}
		case hasTimeout | hasTemporary:
			return &struct {
				*joiner
				timeout
				temporary
			}{n, t, m}
		case hasTimeout | hasRetry:
			return &struct {
				*joiner
				timeout
				retry
			}{n, t, r}
		case hasTemporary | hasRetry:
			return &struct {
				*joiner
				temporary
				retry
			}{n, m, r}
		case hasTimeout | hasTemporary | hasRetry:
			return &struct {
				*joiner
				timeout
				temporary
				retry
			}{n, t, m, r}
		}
	case *plain:
		switch has {
		case hasTimeout:
			return &struct {
				*plain
				timeout
			}{n, t}
		case hasTemporary:
			return &struct {
				*plain
				temporary
			}{n, m}
		case hasRetry:
			return &struct {
				*plain
				retry
			}{n, r}
		case hasTimeout | hasTemporary:
			return &struct {
				*plain
				timeout
				temporary
			}{n, t, m}
		case hasTimeout | hasRetry:
			return &struct {
				*plain
				timeout
				retry
			}{n, t, r}
		case hasTemporary | hasRetry:
			return &struct {
				*plain
				temporary
				retry
			}{n, m, r}
		case hasTimeout | hasTemporary | hasRetry:
			return &struct {
				*plain
				timeout
				temporary
				retry
			}{n, t, m, r}
		}
	}
	return err
}
