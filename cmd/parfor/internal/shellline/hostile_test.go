package shellline

import (
	"strings"
)

// hostile are items that try to become code: each that could run something makes
// the file PWNED.
func hostile() []string {
	items := []string{
		// plain and near plain
		"", " ", "   ", "\t", "\n", "\n\n", "\r", "\r\n", "a", "a b", " a ", "a\n", "\na", "a\tb", "a  b", "{}", "{", "}", "{}{}", "{1}", "{a,b}", "{1..3}",
		".", "..", "./x", "/", "/etc/passwd", "x/y", "~", "~root", "~/x", "!", "!!", "!x", "!-1", "%", "%s", "%s%n%x", "%d%d", "%b", "%q", "%%", "100%",
		"@", "@file", ":", ",", "=", "a=b", "=a", "x=$(touch PWNED)", "PATH=/tmp", "FS=x", "+", "+x", "++", "#", "# x", "a#b", "a #b", "^", "^a^b",
		// quotes
		"'", "''", "'''", `"`, `""`, `"""`, "`", "``", "it's", `say "hi"`, `'"'"'`, `"'"`, `\`, `\\`, `\\\`, `a\`, `\'`, `\"`, `\n`, `\x41`, `\0`, `\c`, `a\cb`, `\$`, "\\\n",
		`'; touch PWNED; '`, `"; touch PWNED; "`, `'; touch PWNED #`, `"; touch PWNED #`, `'$(touch PWNED)'`, `"$(touch PWNED)"`, `'"$(touch PWNED)"'`, "\"`touch PWNED`\"",
		`'"'; touch PWNED; '"'`, `\"; touch PWNED; \"`, `\'; touch PWNED; \'`, `$'\''; touch PWNED #`, `" || touch PWNED || "`, `' && touch PWNED && '`, `"}"; touch PWNED #`, `}; touch PWNED; {`,
		// substitutions
		"$(touch PWNED)", "`touch PWNED`", "$(touch\tPWNED)", "$(touch${IFS}PWNED)", "${x:-$(touch PWNED)}", "${x:=$(touch PWNED)}", "$((a[$(touch PWNED)]))", "$[a[$(touch PWNED)]]",
		"<(touch PWNED)", ">(touch PWNED)", "$(<PWNED)", "${IFS}", "$IFS", "$x", "${x}", "$$", "$!", "$?", "$@", "$*", "$0", "$1", "${1}", "${x@P}", "${!x}", "${x//a/b}", "$PF_0", "${PF_0}", "$HOME", "$",
		"x`touch PWNED`", "\\$(touch PWNED)", "\\`touch PWNED\\`", "$($(echo touch PWNED))", "$(eval touch PWNED)", "\\$(touch PWNED)\\",
		// operators
		";", ";;", "&", "&&", "|", "||", "<", ">", ">>", "<<", "<<<", "<>", ">&2", "2>&1", "&>", "|&", "(", ")", "()", "((", "))", "[", "]", "[[", "]]", ";touch PWNED", "; touch PWNED", "|touch PWNED", "| touch PWNED;",
		"&touch PWNED", "& touch PWNED &", "&& touch PWNED", "|| touch PWNED", "\ntouch PWNED", "\ntouch PWNED\n", "\r\ntouch PWNED\r\n", "x;touch PWNED;x", "x\ntouch PWNED\nx", ">PWNED", "> PWNED", ">>PWNED", ">|PWNED", "<>PWNED", "2>PWNED", "&>PWNED",
		"x >PWNED", "(touch PWNED)", "{ touch PWNED; }", ") ; touch PWNED ; (", ";;esac;touch PWNED", "x) touch PWNED;; *", "*) touch PWNED ;;", "done; touch PWNED", "fi; touch PWNED", "}; touch PWNED", "touch PWNED|", "|touch PWNED", "touch PWNED", "touch PWNED #", "eval touch PWNED", "exec touch PWNED",
		// arithmetic and subscripts
		"a[$(touch PWNED)]", "a[`touch PWNED`]", "x[$(touch PWNED)]=1", "[$(touch PWNED)]=x", "a[$(touch PWNED)0]", "b[0$(touch PWNED)]", "1+a[$(touch PWNED)]", "a[0]", "0", "1", "08", "0x10", "-1", "1/0", "1;1", "x++", "a[\\$(touch PWNED)]", "a['$(touch PWNED)']", "a[\"$(touch PWNED)\"]", "_[$(touch PWNED)]", "PATH[$(touch PWNED)]", "(touch PWNED)", "($(touch PWNED))", "([0]=$(touch PWNED))",
		// here-documents
		"EOF", "EOF\ntouch PWNED\n", "\nEOF\ntouch PWNED", "\nEOF\ntouch PWNED\ncat <<EOF", "\tEOF\n", "\n\tEOF\ntouch PWNED\n", "E", "'EOF'", "\n!\ntouch PWNED\n", "<<EOF\n$(touch PWNED)\nEOF", "<<'EOF'",
		// patterns
		"*", "?", "**", "*.*", "[a-z]*", "[!a]", "[", "[^a", "@(a|b)", "!(x)", "+(x)", "?(x)", "*(x)", "a*", ".*", "/*", "\\*", "(a|b)", "x|y", "x)", "(x", "[[:alpha:]]", "[]]",
		// options
		"-", "--", "-n", "-e", "-ne", "-rf", "-c", "-e touch PWNED", "-ctouch PWNED", "-v", "-va[$(touch PWNED)]", "-f", "-i", "-o", "-x", "--help", "--version", "--checkpoint=1", "--checkpoint-action=exec=touch PWNED", "--to-command=touch PWNED", "-Itouch PWNED", "-oProxyCommand=touch PWNED", "--rsh=touch PWNED",
		"-esystem 'touch PWNED'", "-exec", "-execdir touch PWNED ;", "--eval=touch PWNED", "--upload-pack=touch PWNED", "--use-compress-program=touch PWNED", "-print0", "-delete", "+!touch PWNED", "-- -x", "-\n", "–rf", "−x",
		// other programs' languages
		"touch PWNED |", "|touch PWNED", "BEGIN{system(\"touch PWNED\")}", "s/x/y/e", "1e touch PWNED", "e touch PWNED", "w PWNED", "1wPWNED", "__import__('os').system('touch PWNED')", "system(\"touch PWNED\")", "`touch PWNED`#", "#{`touch PWNED`}", "require('child_process').execSync('touch PWNED')", "'; .shell touch PWNED", ".shell touch PWNED", "\\! touch PWNED", "ext::sh -c touch% PWNED", "$(shell touch PWNED)", "X=$(shell touch PWNED)", "() { :; }; touch PWNED", "() { :;};touch PWNED", "BASH_FUNC_show%%=() { touch PWNED; }", "/dev/tcp/127.0.0.1/1", "http://x/?a=b&c=d;touch PWNED", "x';system('touch PWNED');'", "x\";`touch PWNED`;\"",
		// words of the shell
		"if", "then", "fi", "do", "done", "case", "esac", "for", "while", "function", "time", "coproc", "select", "in", "eval", "exec", "exit", "return", "true", "alias x='touch PWNED'", "trap 'touch PWNED' EXIT", "set -x", "unset PATH", "function f { touch PWNED; }", "f() { touch PWNED; }; f",
		// control characters and terminals
		"\x01", "\x02", "\x03", "\x04", "\x07", "\x08", "\x0b", "\x0c", "\x1a", "\x1b", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b[2J", "\x7f", "a\x01b", "\x01\x01", "\x01\x7f", "\x7f\x7f", "a\x7fb", "\x01'$(touch PWNED)'", "\x08\x08x",
		// bytes that are no text
		"\x80", "\x81", "\x82", "\x83", "\x84", "\x85", "\x86", "\x87", "\x88", "\x89", "\x9f", "\xa0", "\xc0\x80", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xf0\x9f", "\xfe\xff", "\xff", "\xff\xff", "a\x81b", "\x81\x81", "\x81'", "\x82$(touch PWNED)", "\xc3(touch PWNED)", "\xbf`touch PWNED`", "\x81\x82\x83\x84\x85\x86\x87\x88", "\xa5$(touch PWNED)", "\x95\\'; touch PWNED #",
		// characters beyond ASCII
		"é", "e\u0301", "日本語", "😀", "👩‍👩‍👧", "\u00a0", "\u2003", "\u200b", "\u202e", "\u2028", "\u3000", "\ufeff", "\u0085", "＇；ｔｏｕｃｈ", "‘x’", "“x”", "；touch PWNED", "｜touch PWNED", "＄(touch PWNED)", "｀touch PWNED｀", "ᐅ0ᐊ", "ᐅ", "\U0010ffff",
		// long
		strings.Repeat("x", 300), strings.Repeat("x", 5000), strings.Repeat("'", 1000), strings.Repeat("\\", 1001), strings.Repeat("$(touch PWNED)", 100), strings.Repeat("a b\n", 500), strings.Repeat("*", 200), strings.Repeat("\xff", 300), strings.Repeat("x", 70000), strings.Repeat("x", longest), "a\x00b", "\x00", "$(touch PWNED)\x00",
	}
	every := make([]byte, 0, 255)
	for b := 1; b < 256; b++ {
		every = append(every, byte(b))
	}
	return append(items, string(every), string(every[31:127])+"; touch PWNED")
}
