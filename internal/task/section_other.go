//go:build !linux || !amd64 || race

package task

// Elsewhere every section is its mutex: on other architectures plain stores are
// seen in any order, and the race detector must see what keeps calls apart.
const biased = false

func goroutine() uintptr { return 0 }

func fenceAll() {}
