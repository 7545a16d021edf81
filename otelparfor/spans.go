package otelparfor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/observe"
)

// startSpan starts the span of a loop.
func (o *Observer) startSpan(ctx context.Context, s observe.Start) (context.Context, trace.Span) {
	attributes := []attribute.KeyValue{keyLoop.String(s.Name), keyExecutor.String(s.Executor),
		keyNumber.Int64(int64(s.Loop)), keyWorkers.Int(s.Workers)}
	if s.Total >= 0 {
		attributes = append(attributes, keyTotal.Int(s.Total))
	}
	return o.tracer.Start(ctx, "run "+s.Name, trace.WithTimestamp(s.At), trace.WithAttributes(attributes...))
}

// event puts what is worth a place in the span there. Workers that come and go
// in good order aren't.
func (r *run) event(e observe.Event) {
	if !r.span.IsRecording() || e.Kind == observe.WorkerUp || e.Kind == observe.WorkerDown && !e.Died() {
		return
	}
	attributes := []attribute.KeyValue{keyText.String(e.Text)}
	if e.Index >= 0 {
		attributes = append(attributes, keyIndex.Int(e.Index))
	}
	if e.Kind == observe.WorkerDown || e.Kind == observe.Stalled {
		attributes = append(attributes, keyWorker.Int(e.Worker))
	}
	if e.PID != 0 {
		attributes = append(attributes, keyPID.Int(e.PID))
	}
	if len(e.Stack) > 0 {
		attributes = append(attributes, keyStack.String(string(e.Stack)))
	}
	r.span.AddEvent("parfor."+string(e.Kind), trace.WithTimestamp(r.at(e.At)), trace.WithAttributes(attributes...))
}

// at is a moment of the loop on the wall clock.
func (r *run) at(d time.Duration) time.Time { return r.start.At.Add(d) }

// end ends the loop's span.
func (r *run) end(e observe.End) {
	t := e.Frame.Totals
	r.span.SetAttributes(keyState.String(stateOf(e)), keyOK.Int64(t.OK), keyFailed.Int64(t.Failed),
		keyRetried.Int64(t.Retried), keySkipped.Int64(t.Skipped))
	if e.Frame.Total >= 0 {
		r.span.SetAttributes(keyTotal.Int(e.Frame.Total))
	}
	if kind, text := failureOf(e); kind != "" {
		r.span.SetAttributes(keyError.String(kind))
		r.span.SetStatus(codes.Error, text)
	}
	r.span.End(trace.WithTimestamp(r.at(e.At)))
}

// failureOf is what a span says of a loop that failed. Like the texts of events
// it has no inputs in it: errors are told by the groups they are in.
func failureOf(e observe.End) (kind, text string) {
	t := e.Frame.Totals
	switch {
	case t.Failed > 0:
		text := fmt.Sprintf("%d failed", t.Failed)
		sep := ": "
		for _, g := range e.Frame.Groups {
			if g.Count > 0 && len(text) < 500 {
				text += fmt.Sprintf("%s%s ×%d", sep, g.Text, g.Count)
				sep = "; "
			}
		}
		return "task_failed", text
	case e.Err == nil, errors.Is(e.Err, task.ErrBroken):
		return "", ""
	case errors.Is(e.Err, context.Canceled):
		return "cancelled", e.Err.Error()
	case errors.Is(e.Err, parfor.ErrLoopTimeout), errors.Is(e.Err, context.DeadlineExceeded):
		return "timeout", e.Err.Error()
	}
	return "_OTHER", e.Err.Error()
}

// taskSpans makes spans of the slices of a frame, as many as are wanted.
func (o *Observer) taskSpans(r *run, f observe.Frame) {
	if o.tasks == 0 || len(f.Slices) == 0 || !r.span.IsRecording() {
		return
	}
	slow := time.Duration(1<<63 - 1)
	if f.Hist.Count() >= 100 {
		slow = f.Hist.Quantile(0.99)
	}
	for _, s := range f.Slices {
		sample := &r.plain
		if s.Flags&(observe.Failed|observe.Retried|observe.TimedOut|observe.Killed) != 0 || s.N == 1 && s.Took > slow {
			sample = &r.special
		}
		if sample.takes() {
			o.taskSpan(r, s)
		}
	}
}

func (o *Observer) taskSpan(r *run, s observe.Slice) {
	name := "task "
	attributes := []attribute.KeyValue{keyIndex.Int(s.Index), keyWorker.Int(s.Worker)}
	if s.N > 1 {
		name = "chunk "
		attributes = append(attributes, keyTasks.Int(s.N))
	} else {
		attributes = append(attributes, keyAttempt.Int(s.Attempt))
	}
	_, span := o.tracer.Start(r.ctx, name+r.start.Name, trace.WithTimestamp(r.at(s.Start)), trace.WithAttributes(attributes...))
	if kind := kindOf(s.Flags); kind != "" {
		span.SetAttributes(keyError.String(kind))
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(r.at(s.Start + s.Took)))
}

// kindOf is the error.type of a slice, which knows no more.
func kindOf(f observe.Flags) string {
	switch {
	case f&observe.TimedOut != 0:
		return "timeout"
	case f&observe.Killed != 0:
		return "worker_lost"
	case f&(observe.Failed|observe.Retried) != 0:
		return "_OTHER"
	}
	return ""
}

// sampler takes the first of many, and fewer and fewer of what comes then: half
// as many more whenever the number of those it saw doubles.
type sampler struct{ first, seen, stride int }

func (s *sampler) takes() bool {
	if s.first == 0 {
		return false
	}
	if s.seen++; s.seen <= s.first {
		return true
	}
	if s.stride == 0 {
		s.stride = 2
	}
	for s.seen > s.first*s.stride {
		s.stride *= 2
	}
	return s.seen%s.stride == 0
}
