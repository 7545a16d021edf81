// Package results keeps what the items of a run came to.
//
// While a run goes on, a journal beside the first result file is the truth: a
// line of JSON for each record, added when the item is done. At the end the
// result files are written from it, in the order of the input, and it goes.
//
//	Open     refuses, starts over or resumes           open.go, existing.go, import.go
//	Plan     run this item, or has it been done        plan.go, index.go
//	Append   adds a record, from many goroutines       append.go, journal.go
//	Finish   writes the files, each at once            finish.go, order.go, sink*.go
//	Read     goes over the records of a file           read.go, csv.go
//
// # What is safe
//
// Append returns when the system has taken the record: what was reported done
// outlasts the death of the process in any form, kill -9 included. That the
// disk has it is another matter, of power cuts and of systems that crash: the
// journal is synced each second (Options.Sync), so that is what these cost.
//
// Every line carries a checksum. A last line that was not wholly written is cut
// off, and Notes tells; a damaged line with sound ones behind it is a
// [DamageError], and nothing is changed.
//
// All formats share the journal, databases too. A database could be its own,
// with its own log and its own commits; but then there were two mechanisms to
// trust, and the slower one would decide how fast a run can be.
package results
