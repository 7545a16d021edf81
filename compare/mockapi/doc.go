// Package mockapi is a JSON API on the loopback interface to try loops on: it
// waits, answers by number, and on request fails, drops connections and limits
// its rate. It keeps a log of the numbers it was asked for, so that a program
// can prove that each of its requests arrived exactly once.
//
// A request is a POST to any path whose JSON body holds a "number":
//
//	POST /  {"number": 17}   ->   200 {"number":17}
//	POST /  {"number": 50}   ->   404 {"number":50,"error":"..."}
//
// The answer depends on nothing but the number and how often it was asked for
// (see [Config.Verdict]), so that two runs over the same numbers see the same
// API. GET /stats tells what happened (with ?numbers the count of each
// number), POST /reset forgets it.
//
// api.go answers, verdict.go decides, log.go remembers, limit.go holds the
// rate, serve.go listens.
package mockapi
