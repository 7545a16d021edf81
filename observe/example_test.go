package observe_test

import (
	"fmt"
	"time"

	"parfor.dev/parfor/observe"
)

func ExampleHist() {
	var h observe.Hist
	for i := range 1000 {
		h.Add(time.Duration(i+1)*time.Millisecond, 1)
	}
	p50 := h.Quantile(0.5)
	fmt.Println(h.Count(), "tasks, median about", p50.Round(20*time.Millisecond))
	// Output: 1000 tasks, median about 500ms
}
