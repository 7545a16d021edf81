package request

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// What is sent after a journey is what would have been sent from here.
func TestSealedRequestsAreTheSame(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f.txt")
	if err := os.WriteFile(file, []byte("of a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	data := "of the item {}"
	for name, s := range map[string]Spec{
		"plain":     {URL: "/a/{}?q=é", Headers: []string{"X-A: {}", "Host: other.example", "User-Agent:"}},
		"data":      {URL: "/{}", Data: &data, IdempotencyKey: "k{}", Headers: []string{"Content-Type:"}},
		"multipart": {URL: "/{}", Multipart: []string{"a={}", "f=@" + file}},
	} {
		var seen []string
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, err := httputil.DumpRequest(r, true)
			if err != nil {
				t.Error(err)
			}
			seen = append(seen, string(b))
		}))
		s.URL = api.URL + s.URL
		r := prepare(t, s, whole("x y"))
		sealed, err := r.Seal(1 << 20)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c, err := NewClient(Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []*Request{r, sealed.Request()} {
			if _, err := c.Do(t.Context(), r); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		c.Close()
		api.Close()
		if len(seen) != 2 || seen[0] != seen[1] {
			t.Errorf("%s: sent\n%s", name, strings.Join(seen, "\nand\n"))
		}
		if sealed.Request().Idempotent() != r.Idempotent() {
			t.Errorf("%s: may be sent again: %v", name, !r.Idempotent())
		}
	}
}

func TestSealTakesNoMoreThanTravels(t *testing.T) {
	data := "0123456789"
	r := prepare(t, Spec{URL: "http://127.0.0.1/{}", Data: &data}, whole("x"))
	if _, err := r.Seal(9); err == nil || !strings.Contains(err.Error(), "10 bytes") {
		t.Errorf("got %v", err)
	}
	if _, err := r.Seal(10); err != nil {
		t.Error(err)
	}
}

// A failure is judged and shown as if it had happened here.
func TestSealedFailuresAreTheSame(t *testing.T) {
	for _, f := range []*Failure{
		{Stage: Connect, Address: "a:80", Err: errors.New("refused")},
		{Stage: Sent, Timeout: time.Second, Address: "a:80", Err: errors.New("late")},
		{Stage: Answering, Got: 7, Address: "a:80", Err: errors.New("reset")},
		{Stage: Local, Err: errors.New("no such file")},
		{Stage: Connect, Address: "a:443", Err: &tls.CertificateVerificationError{Err: errors.New("unknown authority")}},
	} {
		s := f.Seal()
		back := s.Failure()
		if back.Error() != f.Error() || back.permanent() != f.permanent() || Outcome(back) != Outcome(f) {
			t.Errorf("%v, was %v", back, f)
		}
		again := back.Seal()
		if !reflect.DeepEqual(s, again) {
			t.Errorf("%+v, then %+v", s, again)
		}
	}
}
