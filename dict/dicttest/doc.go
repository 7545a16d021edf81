// Package dicttest is the contract of dictionaries as a test suite: each line
// of it that speaks of loops is a subtest, to be run on every executor.
//
//	func TestDictionaries(t *testing.T) {
//		dicttest.Run(t, func(t *testing.T) parfor.Executor { return parfor.Goroutines(4) })
//	}
//
// A test program that runs it on worker processes needs process.TestMain.
package dicttest

import (
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/writeset"
)

// Fresh gives every dictionary made with dict.New an empty state of its own
// until the test ends, and then what it held before. It is for tests of
// programs whose dictionaries are package variables. Tests that use it, and
// those that use the same dictionaries, must not run in parallel; no loop may
// be running when it is called or when the test ends.
func Fresh(t testing.TB) {
	t.Helper()
	t.Cleanup(writeset.Fresh())
}

// Run runs the suite. newExecutor is called for each subtest with that
// subtest's t and has to see to it that the executor is closed when it ends.
// At least two tasks must be able to run at once on the executor, unless it is
// sequential.
func Run(t *testing.T, newExecutor func(t *testing.T) parfor.Executor) {
	for _, l := range lines {
		t.Run(l.name, func(t *testing.T) {
			Fresh(t)
			x := newExecutor(t)
			e := x.Seal(engine.Key{})
			f := &fixture{T: t, x: x, remote: e.Remote != nil, far: e.Kind == "cluster", alone: e.Kind == "sequential"}
			if f.remote {
				f.slots = e.Remote.Slots()
			} else {
				f.slots = e.Local.Slots()
			}
			l.test(f)
		})
	}
}

// line is a line of the contract.
type line struct {
	name string
	test func(*fixture)
}

var lines = []line{
	{"D1_TimedOutAttemptLeavesNothing", timedOutLeavesNothing},
	{"D1_KilledWorkerLeavesNothing", killedLeavesNothing},
	{"D2_SuccessCommitsEverything", successCommits},
	{"D2_FailureLeavesNothing", failureLeavesNothing},
	{"D2_RepeatedAttemptsCountOnce", repeatsCountOnce},
	{"D2_UnencodableResultLeavesNothing", unencodableResult},
	{"D2_CommitNumbersAreOneOrder", oneOrder},
	{"D3_CommittedBeforeYielded", committedBeforeYielded},
	{"D4_SeesWhatWasReportedBefore", seesReported},
	{"D5_ReadsOwnWrites", readsOwnWrites},
	{"D5_SnapshotsSeeOneMoment", oneMoment},
	{"D5_NoKeyIsMissedWhileItIsReplaced", noKeyIsMissed},
	{"D6_BlindWritesNeverConflict", blindWrites},
	{"D6_BadWriteFailsTheTask", badWrites},
	{"D6_BlindClasses", blindClasses},
	{"D6_ClassesMixOnOneKey", mixedClasses},
	{"D6_PanickingMergeFailsTheTask", panickingMerge},
	{"D6_InsertRefusesDoubles", insertTwice},
	{"D7_ReadThenWriteLosesNothing", readThenWrite},
	{"D7_AddGetIsDistinct", distinctTickets},
	{"D8_ComputeIsReplayed", computeReplayed},
	{"D8_SerializableStopsWriteSkew", writeSkew},
	{"D8_SerializableObservesTheWhole", wholeObserved},
	{"D9_ConflictIsAFailure", countedByLoopError},
	{"D10_ClaimedOnce", claimedOnce},
	{"D10_KilledClaimIsFree", killedClaimIsFree},
	{"D10_ClaimsInInnerLoops", nestedClaims},
	{"D7_WhatABodyMetOtherwiseIsAConflict", metOtherwise},
	{"D10_AWriteToAClaimedKeyStays", writtenWhileClaimed},
	{"D10_QueueTakenOnce", queueTakenOnce},
	{"D10_QueuePutsAreOfTheTask", queuePuts},
	{"D10_QueueKilledTaker", queueKilledTaker},
	{"D10_QueueThousandWithKills", queueWithKills},
	{"D10_QueueClosedAndDrained", queueDrained},
	{"Lease_SeesWhatTheHolderBeforeWrote", leaseSees},
	{"Lease_FailedHolderIsLearnt", leaseAbandoned},
	{"Lease_KilledHolderFreesIt", leaseKilled},
	{"D20_BarrierLetsAllGoOn", barrierPasses},
	{"D20_BarrierTooWideIsRefused", barrierTooWide},
	{"D20_BarrierDeadPartyBreaksIt", barrierBroken},
	{"D20_DeadlockOfTakers", deadlockedTakers},
	{"D20_DeadlockOfLeases", deadlockedLeases},
	{"D20_DeadlockOfLiveWaits", deadlockedLive},
	{"D20_DeadlockBehindWaitingTasks", deadlockBehind},
	{"D20_NoDeadlockWhileATaskWorks", noFalseAlarm},
	{"D11_LiveIsImmediate", liveIsImmediate},
	{"D11_LiveStays", liveStays},
	{"D11_LiveWaits", liveWaits},
	{"D5_GetManyIsOneMoment", getManyIsOneMoment},
	{"D17_LimitHolds", limitHolds},
	{"D19_KeysAreStable", stableKeys},
	{"D12_OldContextIsTaskDone", oldContext},
	{"D12_NoTaskInAWorker", noTask},
	{"D13_NestedLoopsCommitIntoTheTask", nestedLoops},
	{"D13_FailedInnerLoopLeavesNothing", nestedFailure},
	{"D13_MadeInsideATask", madeInside},
	{"D14_FailedLoopHoldsWhatIsDone", failedLoop},
	{"D14_LastByItem", lastByItem},
	{"D14_LastByItemInInnerLoops", lastByItemInside},
	{"D14_BreakDropsResultsNotCommits", brokenLoop},
	{"D15_OutsideACallIsOneCommit", outsideCalls},
	{"D16_ValuesAreCopies", valuesAreCopies},
	{"D16_KeysOfAllShapes", keysOfAllShapes},
	{"C61_SeenAcrossWorkers", seenAcross},
	{"C62_SnapshotsAreWhole", snapshotsAreWhole},
	{"Counter_CountsSuccessfulTasks", counterCounts},
	{"Counter_TicketsAreDistinct", counterTickets},
	{"Var_ReadThenSetLosesNothing", varLosesNothing},
	{"List_TasksStandTogether", listAppends},
	{"List_PlacesToldAreTrue", listPlaces},
	{"List_ClearKeepsLaterAppends", listClears},
	{"D8_ListInASerializableLoop", listSerializable},
	{"D13_ListInNestedLoops", listInNestedLoops},
	{"D16_ListElementsAreCopies", listCopies},
	{"Event_WakesAtCommit", eventWakes},
	{"Event_WaitEndsWithItsContext", eventWaitEnds},
	{"Group_EachPageOnce", groupCrawls},
	{"Group_TasksSeeWhatAddedThem", groupSeesItsParent},
	{"Group_ConflictsAddNothing", groupConflicts},
	{"Handles_OfObjectsBeside", besideTravels},
	{"Handles_InItems", handlesInItems},
	{"Handles_InWith", handlesInWith},
}

// fixture is one subtest.
type fixture struct {
	*testing.T
	x      parfor.Executor
	remote bool // bodies run in other processes
	far    bool // and may be on other machines: a read is a round trip
	alone  bool // one task at a time
	slots  int  // tasks that run at once
}
