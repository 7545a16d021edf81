//go:build unix

package child

// helpers are what the test binary does when it is run again, by the value of
// PARFOR_CHILD_TEST.
var helpers = map[string]func() int{
	"full":   full,
	"spills": spills,
	"crowd":  crowd,
}
