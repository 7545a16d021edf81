package main

import (
	"fmt"

	"parfor.dev/parfor/cmd/parfor/internal/loop"
)

// dryRunItems prints what would run.
func (s *session) dryRunItems(b body) error {
	out := s.cmd.OutOrStdout()
	n := 0
	for it, err := range s.source.All() {
		if err != nil {
			return ioError(err)
		}
		w := &loop.Work{Item: it}
		if w.Key, err = keyOf(s.keys, &it); err != nil {
			return usagef("%w", err)
		}
		n++
		text := ""
		if err := b.prepareItem(w); err != nil {
			text = "# " + err.Error()
		} else {
			text = b.show(w)
		}
		if _, err := fmt.Fprintf(out, "%s\n", text); err != nil {
			return ioError(err)
		}
	}
	if n == 0 && !s.empty {
		return errNoItems
	}
	return nil
}
