package main

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A certificate that nobody vouches for ends a request, with the flags that may
// be meant; -k is curl's word for one of them.
func TestHTTPSaysWhatTrusts(t *testing.T) {
	api := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "here") }))
	api.Config.ErrorLog = log.New(io.Discard, "", 0)
	api.StartTLS()
	defer api.Close()
	const trust, word = "--insecure takes any certificate", "-k is --keep-order here"
	for _, test := range []struct {
		flags       []string
		trust, word bool
	}{
		{nil, true, false},
		{[]string{"-k"}, true, true},
		{[]string{"-k", "--insecure"}, false, false},
	} {
		cmd := parforCommand(t, append(append([]string{"http", "--progress", "none"}, test.flags...), api.URL+"/{}", ":::", "a", "b")...)
		var said strings.Builder
		cmd.Stderr = &said
		err := cmd.Run()
		if (err != nil) != test.trust {
			t.Errorf("%v: %v", test.flags, err)
		}
		if n := strings.Count(said.String(), trust); n > 1 || (n == 1) != test.trust {
			t.Errorf("%v: it says %d times %q\n%s", test.flags, n, trust, &said)
		}
		if got := strings.Contains(said.String(), word); got != test.word {
			t.Errorf("%v: it says %q: %v\n%s", test.flags, word, got, &said)
		}
	}
}
