// Package mandoc makes manual pages of a command and all below it.
package mandoc

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// Pages are the manual pages by file name, as parfor-run.1. They depend on the
// commands alone: not on the day, the machine or the terminal. Commands that
// are hidden, and cobra's own for help and completion, have none.
func Pages(root *cobra.Command) (map[string][]byte, error) {
	root.DisableAutoGenTag = true
	root.InitDefaultHelpFlag()
	pages := map[string][]byte{}
	for _, cmd := range append([]*cobra.Command{root}, root.Commands()...) {
		if cmd != root && (!cmd.IsAvailableCommand() || cmd.Name() == "completion" || cmd.Name() == "help") {
			continue
		}
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
		page, err := pageOf(cmd, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		pages[name+".1"] = page
	}
	return pages, nil
}

func pageOf(cmd *cobra.Command, name string) ([]byte, error) {
	date := time.Unix(0, 0).UTC()
	header := &doc.GenManHeader{
		Title: strings.ToUpper(name), Section: "1", Date: &date, Source: "parfor", Manual: "parfor",
	}
	// Texts are for a terminal: the generator takes them for Markdown, where
	// what stands between < and > is a tag, and * and _ are emphasis.
	long := cmd.Long
	cmd.Long = asMarkdown(long)
	defer func() { cmd.Long = long }()
	var b bytes.Buffer
	if err := doc.GenMan(cmd, header, &b); err != nil {
		return nil, err
	}
	return withOptions(tidy(b.Bytes()), cmd), nil
}

// asMarkdown keeps characters that Markdown would take for its own. Lines that
// are indented are code there, too, and stay.
func asMarkdown(text string) string {
	keep := strings.NewReplacer(`\`, `\\`, `<`, `\<`, `>`, `\>`, `*`, `\*`, `_`, `\_`, "`", "\\`", `[`, `\[`, `]`, `\]`)
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "    ") {
			b.WriteString(line)
		} else {
			b.WriteString(keep.Replace(line))
		}
	}
	return b.String()
}

// guarded is a full stop in a line that would begin one but for what Markdown
// made of the text: it needs no guard there, and has one that shows.
var guarded = regexp.MustCompile(`([^\n\\])\\{1,2}&\.`)

// tidy takes the date off a page's head, for a page is as old as the
// program, and guards that are in the text.
func tidy(page []byte) []byte {
	page = guarded.ReplaceAll(page, []byte("$1."))
	return bytes.Replace(page, []byte(`"Jan 1970"`), []byte(`""`), 1)
}
