package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func page1(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteHTML(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPageStandsAlone(t *testing.T) {
	s := page1(t, sample())
	if len(s) > 150_000 {
		t.Errorf("%d bytes", len(s))
	}
	if !strings.Contains(s, "default-src 'none'") {
		t.Error("no content security policy")
	}
	// URLs may only be names (of the XML namespace, of the API in the data).
	for _, bad := range []string{" src=", " href=", "@import", "url(", " style=", " onclick=", "eval(", "innerHTML"} {
		if strings.Contains(s, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
}

// The hashes in the policy are those of what stands between the tags: a
// template that touched a byte would leave a page without style and script.
func TestPolicyMatches(t *testing.T) {
	s := page1(t, sample())
	for _, element := range []string{"style", "script"} {
		_, rest, _ := strings.Cut(s, "<"+element+">")
		body, _, ok := strings.Cut(rest, "</"+element+">")
		if !ok || !strings.Contains(s, element+"-src &#39;"+sourceHash(body)) && !strings.Contains(s, element+"-src '"+sourceHash(body)+"'") {
			t.Errorf("the policy doesn't name the hash of the %s", element)
		}
	}
}

func TestEmbeddedReport(t *testing.T) {
	want := sample()
	_, rest, _ := strings.Cut(page1(t, want), `<script type="application/json" id="data">`)
	data, _, ok := strings.Cut(rest, "</script>")
	if !ok {
		t.Fatal("no data")
	}
	got := new(Report)
	if err := json.Unmarshal([]byte(data), got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Error("the embedded report isn't the one written")
	}
}

// No string of a report becomes markup, wherever it is shown.
func TestPageEscapes(t *testing.T) {
	s := page1(t, odd()["hostile"])
	tags := regexp.MustCompile(`<(/?)(script|style|svg|img|b|i)\b`)
	counts := map[string]int{}
	for _, m := range tags.FindAllStringSubmatch(s, -1) {
		counts[m[1]+m[2]]++
	}
	want := map[string]int{"script": 2, "/script": 2, "style": 1, "/style": 1, "svg": 2, "/svg": 2}
	if !reflect.DeepEqual(counts, want) {
		t.Errorf("tags: %v, want %v", counts, want)
	}
	if strings.Contains(s, "<script>alert") {
		t.Error("a string of the report runs")
	}
}
