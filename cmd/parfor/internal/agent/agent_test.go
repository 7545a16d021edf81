package agent

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/leak"

	"parfor.dev/parfor/cmd/parfor/internal/child"
	"parfor.dev/parfor/cmd/parfor/internal/request"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestCommandsAreAsHere(t *testing.T) {
	o, err := Run(t.Context(), Command{Argv: []string{"sh", "-c", `cat; echo "$A" >&2; exit 3`}, Env: []string{"A=b"},
		Stdin: []byte("in"), MaxOutput: 100, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	r := o.Result()
	if r.Code != 3 || string(r.Stdout.Head()) != "in" || string(r.Stderr.Head()) != "b\n" || r.Truncated || r.Took <= 0 {
		t.Errorf("%+v", r)
	}
	o, err = Run(t.Context(), Command{Argv: []string{"sh", "-c", "printf 0123456789"}, MaxOutput: 4})
	if err != nil || string(o.Stdout) != "0123" || o.Dropped != 6 || !o.Result().Truncated {
		t.Errorf("%+v, %v", o, err)
	}
	o, err = Run(t.Context(), Command{Argv: []string{"no-such-program"}})
	if err != nil || o.Code != child.CodeNotFound || !strings.Contains(o.NotStarted, "no-such-program") {
		t.Errorf("%+v, %v", o, err)
	}
	o, err = Run(t.Context(), Command{Argv: []string{"sleep", "100"}, Timeout: 20 * time.Millisecond, Grace: time.Millisecond})
	if err != nil || !o.TimedOut {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestAnswersAndFailures(t *testing.T) {
	defer clients.close()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "3")
		w.WriteHeader(http.StatusTooManyRequests)
		w.Write([]byte(r.URL.Path + r.Header.Get("X-Key"))) //nolint:errcheck // a test's server
	}))
	host := strings.TrimPrefix(api.URL, "http://")
	s := Sending{Request: request.Sealed{Method: "GET", Authority: host, Path: "/x", Header: request.Header{{Name: "X-Key", Value: "(agent)"}}},
		Env: []request.Field{{Name: "x-key", Value: "PARFOR_TEST_KEY"}}}
	t.Setenv("PARFOR_TEST_KEY", "secret")
	if _, err := Send(t.Context(), s); !errors.Is(err, ErrRefused) || !parfor.IsPermanent(err) {
		t.Errorf("a variable that nobody allowed: %v", err)
	}
	allowed.Store(&policy{env: []string{"PARFOR_TEST_KEY"}})
	defer allowed.Store(nil)
	a, err := Send(t.Context(), s)
	if err != nil || a.Failed {
		t.Fatalf("%+v, %v", a, err)
	}
	if r := a.Response(); r.Status != 429 || string(r.Body) != "/xsecret" || r.Header.Get("Retry-After") != "3" || a.Err() != nil {
		t.Errorf("%+v", r)
	}
	t.Setenv("PARFOR_TEST_KEY", "two\nlines")
	if _, err := Send(t.Context(), s); err == nil || strings.Contains(err.Error(), "lines\n") {
		t.Errorf("a value that is no header's: %v", err)
	}
	api.Close()
	s.Env = nil
	if a, err = Send(t.Context(), s); err != nil || !a.Failed || a.Response() != nil {
		t.Errorf("%+v, %v", a, err)
	}
	var f *request.Failure
	if !errors.As(a.Err(), &f) || f.Stage != request.Connect {
		t.Errorf("%v", a.Err())
	}
}

// Connections of many runs don't add up, and one that is in use is kept.
func TestFewClientsAreKept(t *testing.T) {
	defer clients.close()
	used, err := clients.get(Options{MaxOutput: 1})
	if err != nil {
		t.Fatal(err)
	}
	for n := range int64(3 * mostClients) {
		c, err := clients.get(Options{MaxOutput: 2 + n})
		if err != nil {
			t.Fatal(err)
		}
		clients.put(c)
	}
	if again, err := clients.get(Options{MaxOutput: 1}); err != nil || again != used || len(clients.of) != mostClients {
		t.Errorf("%d clients, the same: %v, %v", len(clients.of), again == used, err)
	}
	if _, err := clients.get(Options{HTTP1: true, HTTP2: true}); err == nil {
		t.Error("options that exclude each other are taken")
	}
}
