// Package request is what `parfor http` does for one item: it renders the
// request, sends it, keeps the answer and says whether to try again.
//
//	plan, err := request.Compile(request.Spec{…})       // once: every mistake in the flags
//	client, err := request.NewClient(request.Options{…}) // once
//	req, err := plan.Prepare(filler)                     // per item, no network
//	resp, err := client.Do(ctx, req)                     // per attempt
//	err = expect.Check(resp)
//	resp.Fill(&rec)
//
// spec.go and plan.go compile and render; url.go, hosturl.go, header.go,
// jsonbody.go, form.go and multipart.go do so for one part of a request each;
// hash.go names templates and requests for --resume. client.go sends: through
// net/http (standard.go), or, for small plain HTTP/1.1 requests, over
// connections of its own (wire*.go), for less than half the processor time.
// response.go and outdir.go keep answers, expect.go judges them, retry.go and
// failure.go decide about another attempt, latency.go measures.
package request
