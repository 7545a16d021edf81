package shellline

import "mvdan.cc/sh/v3/syntax"

// testUnary are the operators of [[ ]] and [ ] that take their operand as a file
// name or a string.
var testUnary = wordSet("-a -b -c -d -e -f -g -h -k -p -r -s -u -w -x -G -L -N -O -S -z -n")

// testBinary are the operators of [ ] that don't evaluate: there -eq reads
// numbers, in [[ ]] it evaluates an expression.
var testBinary = wordSet("= == != < > -eq -ne -lt -le -gt -ge -nt -ot -ef")

// test walks bash's [[ ]].
func (p *placer) test(x syntax.TestExpr, s surroundings) {
	switch x := x.(type) {
	case *syntax.Word:
		p.word(x, s)
	case *syntax.ParenTest:
		p.test(x.X, s)
	case *syntax.UnaryTest:
		switch {
		case x.Op == syntax.TsNot || x.Op == syntax.TsParen:
			p.test(x.X, s)
		case testUnary()[x.Op.String()]:
			p.test(x.X, s)
		default: // -v, -R: a subscript in the name runs commands; -o, -t take no text
			p.evaluated(x, x.Op.String(), `test a name that you know, or the text itself: [[ -n "$x" ]]`, s)
		}
	case *syntax.BinaryTest:
		switch x.Op {
		case syntax.AndTest, syntax.OrTest, syntax.TsReMatch, syntax.TsNewer, syntax.TsOlder, syntax.TsDevIno,
			syntax.TsMatchShort, syntax.TsMatch, syntax.TsNoMatch, syntax.TsBefore, syntax.TsAfter:
			p.test(x.X, s)
			p.test(x.Y, s)
		default:
			p.evaluated(x, x.Op.String(), `write [ "$x" `+x.Op.String()+` … ] with single brackets`, s)
		}
	}
}

func (p *placer) evaluated(x syntax.Node, op, safe string, s surroundings) {
	if c, ok := p.evaluates(x); ok {
		p.refuseItem(c, "is an operand of "+op+" in [[ ]], which evaluates it and runs commands hidden in it", safe)
	}
	p.inside(x, s)
}

// bracket are the refusals of test and [: what they make of a word depends on how
// many words there are, and -v evaluates a subscript. So their shapes are listed:
// X, OP X, X OP X, each after any number of !.
func (p *placer) bracket(args []*syntax.Word) {
	c, carries := p.anyCarrier(args[1:])
	if !carries {
		return
	}
	const safe = "write [ OP x ] or [ x OP y ] with one operator, and && or || between several"
	rest := args[1:]
	if name, _ := static(args[0]); name == "[" {
		if last, _ := static(rest[len(rest)-1]); last != "]" {
			p.refuseItem(c, "stands in a [ without its ]", safe)
			return
		}
		rest = rest[:len(rest)-1]
	}
	if len(rest) > 1 {
		if first, _ := static(rest[0]); first == "!" {
			rest = rest[1:]
		}
	}
	switch len(rest) {
	case 1:
		return
	case 2:
		if op, ok := static(rest[0]); ok && testUnary()[op] && op != "-a" {
			return
		}
	case 3:
		if op, ok := static(rest[1]); ok && testBinary()[op] {
			return
		}
	}
	p.refuseItem(c, "stands in a test whose words may be taken for operators", safe)
}
