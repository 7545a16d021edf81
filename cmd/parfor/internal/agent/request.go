package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"parfor.dev/parfor"

	"parfor.dev/parfor/cmd/parfor/internal/request"
)

// Sending is one attempt of an item of http.
type Sending struct {
	Request request.Sealed
	Options Options
	// Env are headers whose values are in the agent's environment: name, variable.
	Env []request.Field
}

// Options are those of the client that are the same for a run.
type Options struct {
	Timeout, ConnectTimeout          time.Duration
	HTTP1, HTTP2, Location, Insecure bool
	Uncompressed                     bool
	Proxy                            string
	MaxOutput                        int64
}

// Answer is what came of it: an answer, or a failure.
type Answer struct {
	Status    int
	Reason    string
	Proto     string
	Header    request.Header
	Body      []byte
	Size      int64
	Truncated bool
	Began     int64 // Unix time in nanoseconds, by the agent's clock
	Took      time.Duration

	Failed  bool
	Failure request.SealedFailure
}

// Send is the body of http on a cluster. That no answer comes is no error of it.
var Send = parfor.RegisterAs(SendName, send)

// SendName is what agents know it as.
const SendName = "parfor http"

func send(ctx context.Context, s Sending) (Answer, error) {
	r := s.Request.Request()
	if err := fill(r.Header, s.Env); err != nil {
		return Answer{}, parfor.Permanent(err)
	}
	c, err := clients.get(s.Options)
	if err != nil {
		return Answer{}, parfor.Permanent(err)
	}
	defer clients.put(c)
	began := time.Now()
	resp, err := c.Do(ctx, r)
	took := time.Since(began)
	var f *request.Failure
	switch {
	case errors.As(err, &f):
		return Answer{Began: began.UnixNano(), Took: took, Failed: true, Failure: f.Seal()}, nil
	case err != nil:
		return Answer{}, err
	}
	return Answer{Status: resp.Status, Reason: resp.Reason, Proto: resp.Proto, Header: resp.Header, Body: resp.Body, Size: resp.Size,
		Truncated: resp.Truncated, Began: resp.Started.UnixNano(), Took: resp.Took}, nil
}

// fill puts the environment's values into headers.
func fill(h request.Header, env []request.Field) error {
	for _, e := range env {
		if err := variable(e.Value); err != nil {
			return err
		}
		value := os.Getenv(e.Value)
		if value == "" {
			return fmt.Errorf("--env-header %s: the agent's environment has no %s", e.Name, e.Value)
		}
		if err := request.CheckHeader(e.Name, value); err != nil {
			return err
		}
		for i := range h {
			if strings.EqualFold(h[i].Name, e.Name) {
				h[i].Value = value
			}
		}
	}
	return nil
}

// Response is the answer as if it had come here, nil if there was none.
func (a *Answer) Response() *request.Response {
	if a.Failed {
		return nil
	}
	return &request.Response{Status: a.Status, Reason: a.Reason, Proto: a.Proto, Header: a.Header, Body: a.Body, Size: a.Size,
		Truncated: a.Truncated, Started: time.Unix(0, a.Began), Took: a.Took}
}

// Err is the failure, nil if there was an answer.
func (a *Answer) Err() error {
	if !a.Failed {
		return nil
	}
	return a.Failure.Failure()
}
