package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"

	"parfor.dev/parfor/cmd/parfor/internal/child"
	"parfor.dev/parfor/cmd/parfor/internal/loop"
	"parfor.dev/parfor/cmd/parfor/internal/record"
	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// job is a command on its way, and what came of it.
type job struct {
	argv   []string
	env    []string
	result child.Result
}

// quote is a word as a person could paste it.
func quote(word string) string {
	if q, err := syntax.Quote(word, syntax.LangBash); err == nil {
		return q
	}
	return strconv.Quote(word)
}

func hashOf(parts []string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:", len(p))
		h.Write([]byte(p))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

// longestSetting is how much of an item goes into a job's environment, where
// Linux takes 128 KiB of one setting.
const longestSetting = 100 << 10

// environment is what a job gets to know about itself.
func environment(slot int, w *loop.Work) []string {
	env := []string{
		"PARFOR_SEQ=" + strconv.Itoa(w.Item.Seq), "PARFOR_SLOT=" + strconv.Itoa(slot), "PARFOR_ATTEMPT=" + strconv.Itoa(w.Attempt),
	}
	for name, value := range map[string]string{"PARFOR_ITEM": w.Item.Whole.Text, "PARFOR_KEY": w.Key} {
		if len(value) <= longestSetting && strings.IndexByte(value, 0) < 0 {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// usesSlot reports whether a template has the worker's number in it.
func usesSlot(ts ...template.Template) bool {
	for _, t := range ts {
		for _, r := range t.Refs() {
			if r.Kind == template.Slot {
				return true
			}
		}
	}
	return false
}

// describe says how a command failed.
func describe(r *child.Result) string {
	s := "exit " + strconv.Itoa(r.Code)
	if r.Signal != 0 {
		s = "killed: " + r.Signal.String()
	}
	if last := lastLine(r.Stderr.Head()); last != "" {
		s += ": " + last
	}
	return s
}

// lastLine is the end of what a command said, shortened.
func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return short(strings.ToValidUTF8(lines[len(lines)-1], "�"), 200)
}

// fillRecord keeps what a command did and printed.
func fillRecord(rec *record.Record, r *child.Result, most int) {
	rec.Code, rec.Started, rec.MS = r.Code, r.Started, millis(r.Took)
	out, errs := r.Stdout.Head(), r.Stderr.Head()
	rec.Truncated = r.Truncated || r.Stdout.Spilled() > 0 || r.Stderr.Spilled() > 0
	if utf8.Valid(out) {
		text := string(out)
		rec.Output = &text
	} else {
		rec.Base64 = slices.Clone(out)
	}
	rec.Stderr = strings.ToValidUTF8(string(errs), "�")
}
