package leak

import "testing"

// Tests are a package's tests with the check behind them, for a TestMain that
// hands them on:
//
//	func TestMain(m *testing.M) { process.TestMain(leak.Around(m)) }
type Tests struct{ m *testing.M }

// Around puts the check around the tests.
func Around(m *testing.M) Tests { return Tests{m} }

// Run is [Check] of the tests.
func (t Tests) Run() int { return Check(t.m) }
