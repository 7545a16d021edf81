package journal

import (
	"fmt"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/typename"
)

// Result decodes the result of an entry. The error is that Out is not the type
// of the journal's results, or that the bytes are none of this type as it is
// now.
func Result[Out any](e Entry) (Out, error) {
	if name := typename.For[Out](); e.out != "" && e.out != name {
		var zero Out
		return zero, fmt.Errorf("parfor: the results of this journal are of type %s, not %s", e.out, name)
	}
	return codec.Of[Out]().Get(e.Result)
}
