package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"parfor.dev/parfor"

	"parfor.dev/parfor/cmd/parfor/internal/agent"
	"parfor.dev/parfor/cmd/parfor/internal/item"
	"parfor.dev/parfor/cmd/parfor/internal/loop"
	"parfor.dev/parfor/cmd/parfor/internal/record"
	"parfor.dev/parfor/cmd/parfor/internal/request"
	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// httpBody sends the requests of a session.
type httpBody struct {
	s       *session
	plan    *request.Plan
	client  *request.Client
	expect  *request.Expect
	retry   request.Retry
	dir     *request.OutDir
	latency *request.Latency
	limits  []parfor.Option
	pace    pace

	sends agent.Options   // on a cluster
	env   []request.Field // headers that only agents know

	untrusted atomic.Bool // a certificate was
}

func hostOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

func (b *httpBody) close() {
	if b.client != nil {
		b.client.Close()
	}
	if b.dir != nil {
		b.dir.Close() //nolint:errcheck // a folder that was only read
	}
}

// filling is an item for the plan.
type filling struct {
	it  *item.Item
	env template.Env
}

func (f filling) Value(ref template.Ref) (item.Value, error) { return template.Value(ref, f.it, f.env) }

// sending is a request on its way, and what came of it.
type sending struct {
	*request.Request
	answer *request.Response
}

func (b *httpBody) fingerprint() string { return b.plan.Fingerprint() }

func (b *httpBody) prepareItem(w *loop.Work) error {
	r, err := b.plan.Prepare(filling{&w.Item, template.Env{Seq: w.Item.Seq}})
	if err != nil {
		return err
	}
	if r.Output == "" && b.dir != nil {
		r.Output = request.FileName(w.Key)
	}
	w.Data, w.Hash = &sending{Request: r}, r.TaskHash()
	return nil
}

func (b *httpBody) show(w *loop.Work) string {
	r := w.Data.(*sending).Request
	return r.String() + bodyOf(r)
}

// shownBody is how many bytes of a body --dry-run prints.
const shownBody = 200

// bodyOf is a request's body as a flag, cut and with its length if it is long.
func bodyOf(r *request.Request) string {
	head, length, err := r.Body(shownBody)
	if err != nil {
		return " # " + err.Error()
	}
	if len(head) == 0 {
		return ""
	}
	cut := int64(len(head)) != length
	for n := 0; cut && n < utf8.UTFMax && !utf8.Valid(head); n++ {
		head = head[:len(head)-1] // half of a character
	}
	size := fmt.Sprintf(" (%d bytes)", length)
	if length < 0 {
		size = "" // only sending it tells
	}
	switch {
	case !utf8.Valid(head):
		return " --data …" + size
	case cut:
		return " --data " + quote(string(head)+"…") + size
	}
	return " --data " + quote(string(head))
}

func (b *httpBody) options() []parfor.Option { return b.limits }

func (b *httpBody) attempt(ctx context.Context, slot int, w *loop.Work) (rec record.Record, err error) {
	r := w.Data.(*sending)
	intended, began := b.pace.next(), time.Now()
	resp, took, doErr := b.do(ctx, r.Request)
	b.latency.Add(intended, began, took)
	var unexpected error
	rec.Started, rec.MS = began, millis(took)
	if resp != nil {
		rec.Code = resp.Status
		resp.Fill(&rec)
		r.answer = resp
		unexpected = b.expect.Check(resp)
	}
	if doErr == nil {
		doErr = unexpected
		rec.Status = request.Outcome(unexpected)
		err = b.retry.Judge(r.Request, resp, nil, unexpected)
	} else {
		rec.Status = request.Outcome(doErr)
		err = b.retry.Judge(r.Request, resp, doErr, nil)
		var cert *tls.CertificateVerificationError
		if errors.As(doErr, &cert) {
			b.untrusted.Store(true)
		}
	}
	if doErr != nil {
		rec.Error = doErr.Error()
	}
	return rec, err
}

// do sends a request, from here or from an agent, and says how long it took there.
func (b *httpBody) do(ctx context.Context, r *request.Request) (*request.Response, time.Duration, error) {
	if b.s.far == nil {
		began := time.Now()
		resp, err := b.client.Do(ctx, r)
		return resp, time.Since(began), err
	}
	if !r.Idempotent() && !b.retry.Any() {
		return nil, 0, errTwice
	}
	return b.s.far.request(r, b.sends, b.env)
}

func (b *httpBody) workers() int { return httpWorkers }

// print writes an answer as it came, with a line end if it has none.
func (b *httpBody) print(w *loop.Work, rec record.Record) printed {
	r, ok := w.Data.(*sending)
	if !ok || r.answer == nil || len(r.answer.Body) == 0 {
		return printed{}
	}
	out := r.answer.Body
	if out[len(out)-1] != '\n' {
		out = append(out[:len(out):len(out)], '\n')
	}
	return printed{stdout: text(out)}
}

// closing is what is told at the end besides the receipt.
func (b *httpBody) closing() string {
	var lines []string
	service, response := b.latency.Summary()
	if service.Count > 0 {
		lines = append(lines, "latency: "+service.String())
	}
	if response.Count > 0 {
		lines = append(lines, "since the intended start: "+response.String())
	}
	if b.untrusted.Load() {
		lines = append(lines, b.trust())
	}
	return strings.Join(lines, "\n")
}

// trust is what to do about certificates. Who knows curl may have meant -k so.
func (b *httpBody) trust() string {
	s := "parfor: --cacert FILE names an authority to trust, --insecure takes any certificate"
	if b.s.keepOrder {
		s += "; -k is --keep-order here"
	}
	return s
}

// millis is a duration in milliseconds, to a microsecond.
func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// pace says when each request should have started by --rate.
type pace struct {
	perSecond float64
	once      sync.Once
	begin     time.Time
	n         atomic.Int64
}

// next is zero without a rate.
func (p *pace) next() time.Time {
	if p.perSecond == 0 {
		return time.Time{}
	}
	p.once.Do(func() { p.begin = time.Now() })
	n := p.n.Add(1) - 1
	return p.begin.Add(time.Duration(float64(n) / p.perSecond * 1e9)) // by the monotonic clock
}
