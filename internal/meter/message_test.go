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
		for _, r := range got {
			if !unicode.IsPrint(r) || '0' <= r && r <= '9' {
				t.Errorf("Message(%q) = %q: has %q", s, got, r)
			}
		}
	})
}
