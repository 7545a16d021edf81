package main

import (
	"strings"
	"testing"
)

// What is printed to go on with can be pasted, and tells no secrets.
func TestGoOn(t *testing.T) {
	got := goOn([]string{"http", "-i", "a b.txt", "-H", "Authorization: Bearer x1", "-HCookie: x2", "--header=X: x3", "-u", "me:x4", "--user=me:x5", "--proxy", "http://me:x6@p/",
		"--cluster", "nats://x7@h", "--cluster=nats://x8@h", "--cluster", "local", "--force", "-o", "out.json", "https://h/{}"})
	want := "; it goes on with: parfor http --resume -i 'a b.txt' -H … -H … --header=… -u … --user=… --proxy … --cluster nats://…@h --cluster=nats://…@h --cluster local -o out.json https://h/{}"
	if strings.ReplaceAll(got, "'https://h/{}'", "https://h/{}") != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
