package parfor

import (
	"reflect"

	"parfor.dev/parfor/internal/typename"
)

// typeName is the name of a type with import paths: what two processes call
// it, and what tells types of equally named packages apart.
func typeName[T any]() string { return typename.For[T]() }

func fullName(t reflect.Type) string { return typename.Of(t) }
