// Package sim has simulated worlds in which the controller of package tune is
// tried, and the loop that it is tried with: servers that queue, slow down or
// refuse, on a clock of their own. A run is a function of its seed, so that
// charts drawn from it don't change.
package sim
