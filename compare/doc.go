// Package compare is the tutorial's experiment, done honestly: one loop of
// POST requests, run in every way, each run checked, and a report that keeps
// every raw sample.
//
// The API that is asked is a process of its own: inside this one it would
// share heap and scheduler with the goroutines and nothing else. Each run's
// dictionary number -> status is compared with the rule by which the API
// answers, and with the API's own log, in which every number must stand once.
// A run that took less time than the latency allows is impossible, and a
// problem.
//
// # Reading order
//
//   - config.go: what can be asked for
//   - body.go: what a task does; rule.go: what it must find out
//   - way.go: the ways to run a loop; measure.go: one run of one way
//   - plan.go: which cells, the dictionary alone and computing included; experiment.go: all of it, [Run]
//   - cell.go, lanes.go: what is noted about a run; rounds.go: in which order
//   - command.go: a program instead of a request; python.go: the tutorial's code
//   - api.go: the API's process; screen.go: what is seen while it runs
package compare
