package shellline

import (
	"path"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"
)

// static is a word's text when the line alone tells it: no placeholder, no
// expansion, no pattern.
func static(w *syntax.Word) (string, bool) {
	if w == nil {
		return "", false
	}
	var b strings.Builder
	for _, piece := range pieces(w) {
		if piece.unseen || piece.mark >= 0 {
			return "", false
		}
		b.WriteString(piece.text)
	}
	if s := w.Lit(); s != "[" && s != "]" && s != "[[" && s != "]]" && s != "{" && s != "}" && pattern(w) {
		return "", false
	}
	return b.String(), true
}

// pattern says whether the shell may make other words of the unquoted text.
func pattern(w *syntax.Word) bool {
	for _, part := range w.Parts {
		if lit, ok := part.(*syntax.Lit); ok && strings.ContainsAny(lit.Value, "*?[{~") {
			return true
		}
	}
	return false
}

// piece is a stretch of a word: text, a mark, or what only running it tells.
type piece struct {
	text   string
	mark   int // -1: none
	unseen bool
}

func pieces(w *syntax.Word) []piece {
	var all []piece
	text := func(s string) {
		for s != "" {
			at := markPattern().FindStringIndex(s)
			if at == nil {
				all = append(all, piece{text: s, mark: -1})
				return
			}
			if at[0] > 0 {
				all = append(all, piece{text: s[:at[0]], mark: -1})
			}
			all = append(all, piece{mark: markNumber(s[at[0]:at[1]])})
			s = s[at[1]:]
		}
	}
	var walk func(parts []syntax.WordPart, double bool)
	walk = func(parts []syntax.WordPart, double bool) {
		for _, part := range parts {
			switch part := part.(type) {
			case *syntax.Lit:
				text(unescape(part.Value, double))
			case *syntax.SglQuoted:
				if part.Dollar {
					all = append(all, piece{mark: -1, unseen: true})
				} else {
					text(part.Value)
				}
			case *syntax.DblQuoted:
				if part.Dollar {
					all = append(all, piece{mark: -1, unseen: true})
				} else {
					walk(part.Parts, true)
				}
			default:
				all = append(all, piece{mark: -1, unseen: true})
			}
		}
	}
	walk(w.Parts, false)
	return all
}

// unescape takes away the backslashes that the shell takes away.
func unescape(s string, double bool) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (!double || strings.IndexByte("$`\"\\\n", s[i+1]) >= 0) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// start is the text that a word begins with for sure, and what comes behind it.
func start(w *syntax.Word) (text string, next kind) {
	for _, piece := range pieces(w) {
		switch {
		case piece.mark >= 0:
			return text, item
		case piece.unseen:
			return text, unseen
		}
		text += piece.text
	}
	return text, end
}

type kind int

const (
	end kind = iota
	item
	unseen
)

// program is the name that a command is known by: without its folder and its
// version.
func program(name string) string {
	base := path.Base(name)
	if trimmed := strings.TrimRight(base, "0123456789.-"); interpreters()[trimmed] != nil || tool(trimmed) != nil {
		return trimmed
	}
	return base
}

// wordSet is made when it is first asked for: the command starts without.
func wordSet(s string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool { return words(s) })
}

func words(s string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(s) {
		set[w] = true
	}
	return set
}

func allStatic(all []*syntax.Word) bool {
	for _, w := range all {
		if _, ok := static(w); !ok {
			return false
		}
	}
	return true
}

// textBegins says whether the word begins with text that is not a dash.
func textBegins(w *syntax.Word) bool {
	text, _ := start(w)
	return text != "" && text[0] != '-'
}

func startAt(args []*syntax.Word, i int) (string, kind) {
	if i >= len(args) {
		return "", end
	}
	return start(args[i])
}

func isDashes(w *syntax.Word) bool {
	text, ok := static(w)
	return ok && text == "--"
}

// fileName is the last part of a path whose folder only running the line tells:
// "$HOME/bin/tool", ~/bin/tool. Such a word is no command of the shell's own.
func fileName(w *syntax.Word) (string, bool) {
	all := pieces(w)
	if len(all) == 0 || strings.ContainsAny(w.Lit(), "*?[{") || w.Lit() == "" && !quotedWord(w) {
		return "", false
	}
	last := all[len(all)-1]
	at := strings.LastIndexByte(last.text, '/')
	if at < 0 || at+1 == len(last.text) || last.unseen || last.mark >= 0 {
		return "", false
	}
	if w.Lit() == "" && pattern(w) {
		return "", false
	}
	return last.text[at+1:], true
}
