package otelparfor

import "go.opentelemetry.io/otel/attribute"

// scope names the instrumentation: the scope of every metric and span.
const scope = "parfor.dev/parfor/otelparfor"

// Attributes. None has many values: no item, no input, no process id is an
// attribute of a metric.
const (
	keyLoop      = attribute.Key("parfor.loop.name")
	keyExecutor  = attribute.Key("parfor.executor")
	keyState     = attribute.Key("parfor.loop.state") // done, failed, cancelled
	keyOutcome   = attribute.Key("parfor.task.outcome")
	keyTaskState = attribute.Key("parfor.task.state")
	keyWorking   = attribute.Key("parfor.worker.state")
	keyReason    = attribute.Key("parfor.worker.restart.reason")
	keyDict      = attribute.Key("parfor.dict.name")
	keyOperation = attribute.Key("parfor.dict.operation")
)

// Attributes of spans and their events.
const (
	keyNumber  = attribute.Key("parfor.loop.id")
	keyTotal   = attribute.Key("parfor.loop.total")
	keyWorkers = attribute.Key("parfor.loop.workers")
	keyOK      = attribute.Key("parfor.loop.ok")
	keyFailed  = attribute.Key("parfor.loop.failed")
	keyRetried = attribute.Key("parfor.loop.retried")
	keySkipped = attribute.Key("parfor.loop.skipped")
	keyIndex   = attribute.Key("parfor.task.index")
	keyAttempt = attribute.Key("parfor.task.attempt")
	keyTasks   = attribute.Key("parfor.task.count")
	keyWorker  = attribute.Key("parfor.worker.id")
	keyPID     = attribute.Key("process.pid")
	keyText    = attribute.Key("parfor.event.text")
	keyStack   = attribute.Key("parfor.event.stack")
	keyError   = attribute.Key("error.type")
)
