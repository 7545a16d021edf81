// Package owner is the side of a cluster that loops see: an engine.Remote whose
// workers are agents elsewhere.
//
// Each loop has one goroutine, which owns it: it takes tasks from the job, sends
// them in chunks, notes the results it takes in the loop's commit log, and gives
// them to the job once the log has them. Whatever comes from elsewhere (answers,
// results, the end of a context) is left in its mailbox.
//
// owner.go is what loops share, remote.go what they call, width.go how wide they
// are. loop.go has the goroutine, mailbox.go what others leave for it, ship.go the
// way out and window.go how much of it at once; collect.go is the way back, log.go
// the commit log, changes.go what it has of dictionaries, spans.go what a snapshot
// remembers; away.go stores and reads what is too large for a message; stop.go ends
// a loop before its time and bury.go fails what can't run. asked.go answers what
// tasks ask of dictionaries, replies.go only once. named.go runs a loop that
// outlives its program: lease.go says who has it, recover.go takes it over, kept.go
// keeps its items, janitor.go removes what nobody wants any more. net.go ends what
// agents don't, lost.go finds that the streams are gone. feed.go brings results,
// roster.go knows the agents.
package owner
