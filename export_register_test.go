package parfor

import "reflect"

// RoundTrips opens the type walk to benchmarks.
func RoundTrips[T any]() error { return roundTrips(reflect.TypeFor[T]()) }
