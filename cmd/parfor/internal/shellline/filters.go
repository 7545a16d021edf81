package shellline

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// programText is awk, sed and jq: a program first, unless an option has it, then
// the names of files.
func (c *command) programText(o options) {
	variables := map[int]bool{}
	args := c.args
	if strings.HasSuffix(c.name, "q") || c.name == "jaq" {
		args, variables = c.jqVariables()
	}
	safe := map[bool]string{
		true:  "give it as a variable: " + c.name + ` --arg x {} '… $x …'`,
		false: `give it in the environment: x={} ` + c.name + ` '… ENVIRON["x"] …'`,
	}[strings.HasSuffix(c.name, "q")]
	if strings.HasSuffix(c.name, "sed") {
		safe = `write awk, with the item in ENVIRON, or perl -e '… $ARGV[0] …' {}`
	}
	s := scan(args, o)
	for _, i := range s.code {
		if i < len(args) && c.no(args[i:i+1], "is code for "+c.name, safe) {
			return
		}
	}
	if s.unclear >= 0 {
		c.no(c.args[1:], "stands behind a word that may be an option of "+c.name, "write the options out")
		return
	}
	program := s.operand
	given := s.hasCode && (c.name != "awk" && !strings.HasSuffix(c.name, "awk") || strings.ContainsAny(s.flags, "fe"))
	if !given && program < len(args) {
		if c.no(args[program:program+1], "is code for "+c.name, safe) {
			return
		}
	}
	for i := range c.args {
		c.forced[i] = !variables[i] // -f and -e may come again
	}
	if c.in.items && len(s.code) > 0 {
		for _, i := range s.code {
			if i < len(args) {
				if text, ok := static(args[i]); ok && (text == "-" || text == "-f-" || strings.HasPrefix(text, "/dev/")) {
					c.refuse(args[i], c.name+" reads code from its standard input, and an item may come there", safe)
				}
			}
		}
	}
}

// jqVariables are jq's words without the variables, which are the place for an
// item, and where those stand.
func (c *command) jqVariables() ([]*syntax.Word, map[int]bool) {
	var rest []*syntax.Word
	at := map[int]bool{}
	takes := map[string]int{"--arg": 2, "--argjson": 2, "--slurpfile": 2, "--rawfile": 2, "--indent": 1}
	for i := 0; i < len(c.args); i++ {
		text, ok := static(c.args[i])
		n := takes[text]
		if !ok || n == 0 {
			rest = append(rest, c.args[i])
			continue
		}
		if n == 2 {
			c.no(c.word(i+1), "is a variable's name for "+c.name, "write the name")
			at[i+2], c.free[i+2] = true, true
		}
		i += n
	}
	return rest, at
}
