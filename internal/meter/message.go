package meter

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxRaw     = 1024 // bytes of an error's text that are looked at
	maxMessage = 200  // bytes of a group's text
)

// Message is what like errors have in common: the text with numbers, hex and
// UUIDs as #, quoted text as "…", URLs and paths cut to where they lead. Numbers
// that tell kinds of failure apart stay, see [message.isCode]. It is one line of
// at most 200 bytes without control characters, so that it can go to a terminal
// and into a log, and what was quoted, often the input, is gone.
func Message(s string) string {
	s = strings.TrimPrefix(s[:min(len(s), maxRaw)], "parfor: ")
	m := message{in: s}
	for m.at < len(s) && m.out.Len() < maxMessage-len("…")-utf8.UTFMax {
		if !m.quoted() && !(m.wordStart() && m.word()) && !m.number() {
			m.char()
		}
	}
	if m.at < len(s) {
		m.out.WriteString("…")
	}
	return strings.TrimRight(m.out.String(), " ")
}

// message walks over a text once; each step writes what stands for the next
// piece and moves past it, or reports that it is not its kind of piece.
type message struct {
	in  string
	at  int
	out strings.Builder
}

func (m *message) put(s string, past int) bool {
	m.out.WriteString(s)
	m.at = past
	return true
}

// quoted takes "…", `…` and '…'. An apostrophe inside a word opens nothing.
func (m *message) quoted() bool {
	q := m.in[m.at]
	if q != '"' && q != '`' && (q != '\'' || m.at > 0 && isWord(m.in[m.at-1])) {
		return false
	}
	for i := m.at + 1; i < len(m.in); i++ {
		switch m.in[i] {
		case '\\':
			if q != '`' {
				i++
			}
		case q:
			if q == '\'' && i+1 < len(m.in) && isWord(m.in[i+1]) {
				continue
			}
			return m.put(string(q)+"…"+string(q), i+1)
		}
	}
	return false
}

func (m *message) wordStart() bool {
	return m.at == 0 || strings.IndexByte(" \t\r\n([{<=,;|", m.in[m.at-1]) >= 0
}

// word takes what only the whole word tells: URLs, paths, UUIDs, long hex.
func (m *message) word() bool {
	end := len(m.in)
	if n := strings.IndexAny(m.in[m.at:], " \t\r\n\"'`)]}>,;|"); n >= 0 {
		end = m.at + n
	}
	for end > m.at && strings.IndexByte(":.!?", m.in[end-1]) >= 0 {
		end--
	}
	w := m.in[m.at:end]
	switch scheme, _, isURL := strings.Cut(w, "://"); {
	case isURL && isScheme(scheme):
		return m.put(scheme+"://…", end)
	case isPath(w) && !strings.HasPrefix(w, "HTTP/"):
		return m.put("/…", end)
	case isHex(w):
		return m.put("#", end)
	}
	return false
}

// number takes digits with what joins them, as in 1,000.5 and 10.0.0.1:8080.
func (m *message) number() bool {
	i := m.at
	if strings.HasPrefix(m.in[i:], "0x") {
		if n := spanHex(m.in[i+2:]); n > 0 {
			return m.put("#", i+2+n)
		}
	}
	for i < len(m.in) && isDigit(m.in[i]) {
		i++
		if i+1 < len(m.in) && strings.IndexByte(".,:", m.in[i]) >= 0 && isDigit(m.in[i+1]) {
			i++
		}
	}
	if i > m.at && m.isCode(i) {
		return m.put(m.in[m.at:i], i)
	}
	return i > m.at && m.put("#", i)
}

// isCode reports whether the number up to end is one of a kind of failure and
// not of an item. It is if it has at most three digits, and the word before it is
// exit, status, code, signal, errno or HTTP; or it is a status of HTTP with its
// name, as in 404 Not Found; or it ends the text behind the word error.
func (m *message) isCode(end int) bool {
	rest := m.in[end:]
	if end-m.at > 3 || strings.TrimLeft(m.in[m.at:end], "0123456789") != "" {
		return false
	}
	if rest != "" && isWord(rest[0]) && !strings.HasPrefix(rest, "xx") { // 2xx is a class of statuses
		return false
	}
	before := m.in[:m.at]
	text := strings.TrimRight(before, " :=")
	if at := strings.LastIndexByte(text, '/'); at >= 0 && strings.Trim(text[at:], "/.0123456789") == "" {
		text = text[:at] // of HTTP/1.1
	}
	switch word := lastWord(text); {
	case len(text) == len(before):
	case slices.Contains(codeWords, word):
		return true
	case word == "error" && strings.Trim(rest, " .)") == "":
		return true
	}
	return end-m.at == 3 && '1' <= m.in[m.at] && m.in[m.at] <= '5' && // a status
		len(rest) > 1 && rest[0] == ' ' && 'A' <= rest[1] && rest[1] <= 'Z'
}

var codeWords = []string{"exit", "status", "code", "signal", "errno", "http"}

// lastWord is the word that ends s, in lower case: code of exit_code, StatusCode
// and status code.
func lastWord(s string) string {
	at := len(s)
	for at > 0 && isLetter(s[at-1]) {
		at--
		if at > 0 && s[at] < 'a' && s[at-1] >= 'a' { // a hump
			break
		}
	}
	return strings.ToLower(s[at:])
}

// char takes one character: white space, and what is none, as a single space.
func (m *message) char() {
	r, n := utf8.DecodeRuneInString(m.in[m.at:])
	m.at += n
	if r == utf8.RuneError && n <= 1 || !unicode.IsPrint(r) {
		if s := m.out.String(); s != "" && s[len(s)-1] != ' ' {
			m.out.WriteByte(' ')
		}
		return
	}
	if r != ' ' || m.out.Len() > 0 && !strings.HasSuffix(m.out.String(), " ") {
		m.out.WriteRune(r)
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isWord(c byte) bool { return isDigit(c) || isLetter(c) || c == '_' || c >= utf8.RuneSelf }

func isScheme(s string) bool {
	for i := range len(s) {
		if !isLetter(s[i]) && s[i] != '+' {
			return false
		}
	}
	return 0 < len(s) && len(s) <= 16
}

// isPath knows a path by how it begins, or by a slash before a name with an
// extension; i/o and and/or are none.
func isPath(w string) bool {
	switch {
	case len(w) > 1 && w[0] == '/' && w[1] != '/',
		strings.HasPrefix(w, "./"), strings.HasPrefix(w, "../"), strings.HasPrefix(w, "~/"),
		len(w) > 3 && isLetter(w[0]) && w[1] == ':' && w[2] == '\\':
		return true
	}
	slash := strings.LastIndexAny(w, `/\`)
	return slash > 0 && strings.IndexByte(w[slash:], '.') > 1
}

func spanHex(s string) int {
	n := 0
	for n < len(s) && (isDigit(s[n]) || 'a' <= s[n]|0x20 && s[n]|0x20 <= 'f') {
		n++
	}
	return n
}

// isHex knows UUIDs, and eight and more hex digits some of which are decimal:
// "deadbeef" may be a name, "defaced" is a word.
func isHex(w string) bool {
	w = strings.Trim(w, "{}")
	plain := strings.ReplaceAll(w, "-", "")
	if len(w) != len(plain) && (len(w) != 36 || len(plain) != 32) {
		return false
	}
	return len(plain) >= 8 && spanHex(plain) == len(plain) && strings.ContainsAny(plain, "0123456789")
}
