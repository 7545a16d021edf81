package show

import (
	"fmt"
	"io"
	"strings"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// joblog prints GNU parallel's --joblog, with the key for the command: what
// reads one can read the other.
func joblog(w io.Writer, all records) error {
	b := buffered(w)
	b.line("Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand")
	for r, err := range all {
		if err != nil {
			return b.end(err)
		}
		exit, signal := exitOf(&r)
		started := 0.0
		if !r.Started.IsZero() {
			started = float64(r.Started.UnixMicro()) / 1e6
		}
		key := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(r.Key)
		b.line(fmt.Sprintf("%d\t:\t%.3f\t%10.3f\t0\t%d\t%d\t%d\t%s", r.Seq, started, r.MS/1000, received(&r), exit, signal, key))
	}
	return b.end(nil)
}

// exitOf is 0 for what is ok, whatever the code of its response, and never 0
// without a signal for what is not.
func exitOf(r *record.Record) (exit, signal int) {
	switch {
	case r.Status == record.OK:
		return 0, 0
	case r.Status == record.Timeout || r.Status == record.Canceled:
		return -1, 15
	case r.Code > 128 && r.Code < 128+65:
		return 0, r.Code - 128
	case r.Code == 0:
		return 1, 0
	}
	return r.Code, 0
}

func received(r *record.Record) int {
	if r.Output != nil {
		return len(*r.Output)
	}
	return len(r.Body) + len(r.Base64)
}
