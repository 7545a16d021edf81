package shellline

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// options say how a program reads its words, as far as it matters where code
// may stand among them.
type options struct {
	takes    string // short options with an argument, attached or in the next word
	attached string // short options whose argument, if any, is attached
	code     string // short options whose argument is code or names code to load
	long     string // long options with an argument in the next word
	longCode string // long options whose argument is code
	first    bool   // the code is the first operand, not the word after the option: sh -c
	single   bool   // long options have one dash
	mixed    bool   // options are read behind operands too, up to --
}

// scanned is what the words of a command are.
type scanned struct {
	code    []int // words that are code, or hold it
	hasCode bool  // code was given by an option
	operand int   // the first word that is neither option nor an option's argument; len(args): none
	unclear int   // the first word that may be anything, -1: none
	flags   string
	values  map[int]bool // arguments of options
}

// scan reads options until the first operand.
func scan(args []*syntax.Word, o options) scanned {
	s := scanned{operand: len(args), unclear: -1, values: map[int]bool{}}
	codeNext := false
	operand := func(i int) {
		if s.operand == len(args) {
			s.operand = i
		}
	}
	for i := 1; i < len(args); i++ {
		text, next := start(args[i])
		switch {
		case text == "" && next == unseen && !strings.Contains(textOf(args[i]), "/"):
			s.unclear = i
			return s
		case text == "--" && next == end:
			operand(i + 1)
		case text == "" || text == "-" && next == end || text[0] != '-' && (text[0] != '+' || !o.first):
			operand(i)
			if o.mixed {
				continue
			}
		case text == "-" || text == "--": // -{} may be any option
			s.unclear = i
			return s
		case strings.HasPrefix(text, "--") || o.single:
			i = s.longOption(i, text, next, o)
			continue
		default:
			i, codeNext = s.cluster(i, text, next, o, codeNext)
			continue
		}
		break
	}
	if codeNext {
		if s.operand < len(args) {
			s.code = append(s.code, s.operand)
			s.operand++
		}
	}
	return s
}

// longOption reads --name, --name=value or --name value and returns the last
// word it took.
func (s *scanned) longOption(i int, text string, next kind, o options) int {
	name, _, attached := strings.Cut(text, "=")
	switch {
	case words(o.longCode)[name]:
		s.hasCode = true
		if attached {
			s.code = append(s.code, i)
			return i
		}
		s.code = append(s.code, i, i+1)
		return i + 1
	case next != end && !attached: // --{}
		s.code = append(s.code, i)
	case words(o.long)[name] && !attached:
		s.values[i+1] = true
		return i + 1
	}
	return i
}

// cluster reads short options written together.
func (s *scanned) cluster(i int, text string, next kind, o options, codeNext bool) (int, bool) {
	for at := 1; at < len(text); at++ {
		letter := text[at]
		s.flags += string(letter)
		rest := text[at+1:]
		switch {
		case strings.IndexByte(o.code, letter) >= 0 && o.first:
			s.hasCode, codeNext = true, true
		case strings.IndexByte(o.code, letter) >= 0:
			s.hasCode = true
			s.code = append(s.code, i)
			if rest == "" && next == end {
				s.code = append(s.code, i+1)
				return i + 1, codeNext
			}
			return i, codeNext
		case strings.IndexByte(o.attached, letter) >= 0:
			return i, codeNext
		case strings.IndexByte(o.takes, letter) >= 0:
			if rest == "" && next == end {
				s.values[i+1] = true
				return i + 1, codeNext
			}
			s.values[i] = true
			return i, codeNext
		}
	}
	if next != end { // -x{}: more options
		s.code = append(s.code, i)
	}
	return i, codeNext
}

// textOf is all the text in a word, whatever stands between.
func textOf(w *syntax.Word) string {
	var b strings.Builder
	for _, piece := range pieces(w) {
		b.WriteString(piece.text)
	}
	return b.String()
}
