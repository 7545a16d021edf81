// Package tune finds, while a loop runs, how many tasks it should run at once
// and, where somebody refuses to be asked more often, how many it may start a
// second.
//
// A [Controller] is arithmetic: it has no goroutine, no clock and no lock. The
// loop tells it what happened ([Sample]) and gets a [Limit] and the moment at
// which it wants to be told more.
//
//	limit, next := c.Tick(now, sample)
//
// It is in one of five states, each a file:
//
//	grow    doubles while throughput grows (grow.go)
//	cruise  keeps the number and measures it (cruise.go)
//	probe   tries a neighbour for a while and takes the better one (probe.go)
//	ease    goes down as failures or latency came with the number (ease.go)
//	pace    starts at a rate, since tasks were refused (pace.go, rate.go)
//
// sample.go, limit.go and decision.go are what goes in and out, window.go is
// how throughput is measured. Package sim has simulated worlds to try it in.
package tune

//go:generate go run ./draw ../../docs/auto.svg
