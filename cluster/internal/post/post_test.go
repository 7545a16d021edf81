package post_test

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/embed"
	"parfor.dev/parfor/cluster/internal/post"
	"parfor.dev/parfor/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

type answer struct {
	ack post.Ack
	err error
}

// lab is a server, a stream that keeps one message a subject, and a post.
func lab(t *testing.T) (*post.Post, jetstream.JetStream, *nats.Conn) {
	s, err := embed.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	nc, err := nats.Connect(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	p, err := post.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, js, nc
}

func stream(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"},
		MaxMsgsPerSubject: 1, Discard: jetstream.DiscardNew, DiscardNewPerSubject: true}); err != nil {
		t.Fatal(err)
	}
}

func send(p *post.Post, subject, id string, headers ...string) chan answer {
	m := nats.NewMsg(subject)
	m.Header.Set("Nats-Msg-Id", id)
	for i := 0; i < len(headers); i += 2 {
		m.Header.Set(headers[i], headers[i+1])
	}
	got := make(chan answer, 2)
	p.Send(m, func(a post.Ack, err error) { got <- answer{a, err} })
	return got
}

func next(t *testing.T, got chan answer) answer {
	t.Helper()
	select {
	case a := <-got:
		return a
	case <-time.After(10 * time.Second):
		t.Fatal("no answer")
		return answer{}
	}
}

func TestAnswers(t *testing.T) {
	p, js, nc := lab(t)
	stream(t, js)
	if a := next(t, send(p, "s.1", "one")); a.err != nil || a.ack.Seq != 1 || a.ack.Duplicate {
		t.Errorf("the first: %+v", a)
	}
	if a := next(t, send(p, "s.1", "one")); a.err != nil || a.ack.Seq != 1 || !a.ack.Duplicate {
		t.Errorf("the same again: %+v", a)
	}
	var refused *post.Refused
	if a := next(t, send(p, "s.1", "two")); !errors.As(a.err, &refused) || !refused.Taken() || refused.Fenced() {
		t.Errorf("another of its subject: %+v", a)
	}
	if a := next(t, send(p, "s.2", "three", "Nats-Expected-Last-Subject-Sequence", "77")); !errors.As(a.err, &refused) || !refused.Fenced() || !refused.Forgotten() || refused.Taken() {
		t.Errorf("after one that isn't there: %+v", a)
	}
	// Servers look at the expectation before they look whether they know the
	// message: who sends it again must look himself. Owners of loops do.
	fenced := send(p, "s.4", "four", "Nats-Expected-Last-Subject-Sequence", "0")
	again := send(p, "s.4", "four", "Nats-Expected-Last-Subject-Sequence", "0")
	if a, b := next(t, fenced), next(t, again); a.err != nil || !errors.As(b.err, &refused) || !refused.Fenced() || refused.Forgotten() {
		t.Errorf("a fenced one, twice: %+v, %+v", a, b)
	}
	big := nats.NewMsg("s.3")
	big.Data = make([]byte, nc.MaxPayload()+1)
	got := make(chan answer, 1)
	p.Send(big, func(a post.Ack, err error) { got <- answer{a, err} })
	if a := next(t, got); !errors.Is(a.err, nats.ErrMaxPayload) {
		t.Errorf("too large: %+v", a)
	}
}

// A message for a stream that isn't there yet is sent again, and done is called
// once.
func TestSendsAgain(t *testing.T) {
	p, js, _ := lab(t)
	got := send(p, "s.1", "one")
	stream(t, js)
	if a := next(t, got); a.err != nil || a.ack.Seq != 1 {
		t.Errorf("%+v", a)
	}
	p.Resend()
	waiting := send(p, "nobody.listens", "two")
	p.Close()
	if a := next(t, waiting); !errors.Is(a.err, post.ErrClosed) {
		t.Errorf("after Close: %+v", a)
	}
	if len(got)+len(waiting) > 0 {
		t.Error("done was called twice")
	}
}

// Size is what the client itself counts, to the byte.
func TestSize(t *testing.T) {
	p, js, nc := lab(t)
	stream(t, js)
	for _, more := range []int{0, 1} {
		m := nats.NewMsg("s.size")
		m.Header.Set("Nats-Msg-Id", "one")
		m.Header.Set("Other", "with a value")
		m.Data = make([]byte, int(nc.MaxPayload())-post.Size(m)+more)
		done := make(chan error, 1)
		p.Send(m, func(_ post.Ack, err error) { done <- err })
		if err := <-done; (err == nil) != (more == 0) || more == 1 && !errors.Is(err, nats.ErrMaxPayload) {
			t.Errorf("%d bytes more than fit: %v", more, err)
		}
	}
}

// Servers that agree on a message just now say that they know its id, or that its
// subject is taken, before they have it: that is no refusal.
func TestServersAgree(t *testing.T) {
	p, _, nc := lab(t)
	tries := 0
	if _, err := nc.Subscribe("agree", func(m *nats.Msg) { // as a stream on three servers would
		answer := `{"stream":"S","seq":7,"duplicate":true}`
		switch tries++; tries {
		case 1:
			answer = `{"error":{"code":409,"err_code":10158,"description":"duplicate message id is in process"},"stream":"S","seq":0}`
		case 2:
			answer = `{"error":{"code":400,"err_code":10164,"description":"wrong last sequence"},"stream":"S","seq":0}`
		}
		m.Respond([]byte(answer))
	}); err != nil {
		t.Fatal(err)
	}
	if a := next(t, send(p, "agree", "one", "Nats-Expected-Last-Subject-Sequence", "6")); a.err != nil || a.ack.Seq != 7 {
		t.Errorf("%+v", a)
	}
}
