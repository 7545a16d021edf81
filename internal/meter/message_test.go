package meter_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"parfor.dev/parfor/internal/meter"
)

func TestMessage(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "",
		"connection refused":           "connection refused",
		"parfor: timed out after 5.2s": "timed out after #s",
		"dial tcp 127.0.0.1:8080: connect: connection refused":                         "dial tcp #: connect: connection refused",
		"read tcp 10.0.0.1:4242->10.0.0.2:80: i/o timeout":                             "read tcp #->#: i/o timeout",
		`Post "http://localhost:1/x?token=s3cret": EOF`:                                `Post "…": EOF`,
		`strconv.Atoi: parsing "a\"b": invalid syntax`:                                 `strconv.Atoi: parsing "…": invalid syntax`,
		"open /var/data/17.json: no such file or directory":                            "open /…: no such file or directory",
		"open photos/alice.png: permission denied":                                     "open /…: permission denied",
		`open C:\data\x.txt: denied`:                                                   "open /…: denied",
		"get https://example.org/a?b=c, giving up":                                     "get https://…, giving up",
		"job 3f2504e0-4f89-11d3-9a0c-0305e82c3301 is gone":                             "job # is gone",
		"object 0xc000123abc at deadbeef01 faced defaced":                              "object # at # faced defaced",
		"can't read the worker's pipe":                                                 "can't read the worker's pipe",
		"unknown user 'bob'":                                                           "unknown user '…'",
		"it's 'don't' here":                                                            "it's '…' here",
		"an open \" quote 5":                                                           "an open \" quote #",
		"two\nlines\tand \x1b[31mred\x1b[0m":                                           "two lines and [#mred [#m",
		"index out of range [5] with length 3":                                         "index out of range [#] with length #",
		"bad\xffbyte":                                                                  "bad byte",
		"and/or 1,000.5 rows":                                                          "and/or # rows",
		"über 3 Größen":                                                                "über # Größen",
		"worker 4711 died: killed (SIGKILL), peak memory 12 MiB":                       "worker # died: killed (SIGKILL), peak memory # MiB",
		"rpc error: code = Unavailable desc = transport is closing (attempt 3 of 7) .": "rpc error: code = Unavailable desc = transport is closing (attempt # of #) .",
		// What stays, and what doesn't.
		"exit 7":          "exit 7",
		"exit 7: row 17":  "exit 7: row #",
		"exit status 255": "exit status 255",
		"exit 1: curl: (22) The requested URL returned error: 404": "exit 1: curl: (#) The requested URL returned error: 404",
		"job 5: error 17 of 30":                        "job #: error # of #",
		"error: 17 is no number":                       "error: # is no number",
		"Request failed with status code 503":          "Request failed with status code 503",
		"StatusCode: 404, RequestID: 77aa":             "StatusCode: 404, RequestID: #aa",
		"exit_code=3, zipcode 123, item 44":            "exit_code=3, zipcode #, item #",
		"expected status 2xx, got 404 Not Found":       "expected status 2xx, got 404 Not Found",
		"got 418 items":                                "got # items",
		"HTTP 429":                                     "HTTP 429",
		"HTTP/1.1 502 Bad Gateway (after 30 s)":        "HTTP/# 502 Bad Gateway (after # s)",
		"HTTP/2 404":                                   "HTTP/2 404",
		"code 12345, code 1.5, code 10ms, code -1":     "code #, code #, code #ms, code -#",
		"status200, signal 9, errno=2, SIGNAL 11":      "status#, signal 9, errno=2, SIGNAL 11",
		"rpc error: code = 14 desc = 1":                "rpc error: code = 14 desc = #",
		"user 7777 Bob, user 777 bob, row 600 Total":   "user # Bob, user # bob, row # Total",
		"decode 12, the encoder's code: 0x1f, exit\n7": "decode #, the encoder's code: #, exit #",
	} {
		if got := meter.Message(in); got != want {
			t.Errorf("Message(%q)\n got %q\nwant %q", in, got, want)
		}
	}
	if got := meter.Message(strings.Repeat("long text ", 500)); len(got) > 200 || !strings.HasSuffix(got, "…") {
		t.Errorf("a long text became %d bytes: %q", len(got), got)
	}
}

func FuzzMessage(f *testing.F) {
	for _, s := range []string{"", "x 1", `"`, "'a", "`", "0x", "://", "/", `\`, "a:\\b", "\xff", strings.Repeat("é", 700)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := meter.Message(s)
		if len(got) > 200 || !utf8.ValidString(got) {
			t.Errorf("Message(%q) = %q: too long, or not UTF-8", s, got)
		}
		digits := 0
		for _, r := range got {
			if digits++; r < '0' || r > '9' {
				digits = 0
			}
			if !unicode.IsPrint(r) || digits > 3 {
				t.Errorf("Message(%q) = %q: has %q", s, got, r)
			}
		}
	})
}
