package owner

import (
	"testing"

	"parfor.dev/parfor/cluster/embed"
	"parfor.dev/parfor/cluster/internal/link"
	"parfor.dev/parfor/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// linked is a link to a server of the test's own.
func linked(t *testing.T) *link.Link {
	t.Helper()
	s, err := embed.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	c, err := link.Dial(t.Context(), link.Config{URL: s.URL(), Space: "default"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
