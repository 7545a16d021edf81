package template

import (
	"errors"
	"fmt"
	"strings"

	"parfor.dev/parfor/cmd/parfor/internal/item"
)

// Parse finds the placeholders in a text.
//
// {} {.} {/} {//} {/.} {#} {%} always are; {1} where the items have columns;
// {name} and {a.b} where they have fields, and then a name that is none is an
// error, at once if all fields are known. All of them but a shell's ${name} may
// end in a cast, {name:int}, {:json}. Other braces are text, and so is, without
// the outer braces, what is a placeholder in one pair more: {{}}, {{name}}.
//
// ${name} is an error where name may be a field: the writer may mean a variable
// of the shell or a dollar and a value, and would not see what happened.
// ${{name}} is the one, ${name:str}, or \${name} in a shell line, the other.
//
// With a marker other than "" or {} the marker is the item, and all braces are
// text.
func Parse(text string, s item.Schema, marker string) (Template, error) {
	p := parser{names: names{s}}
	if marker != "" && marker != "{}" {
		p.marked(text, marker)
	} else if err := p.braces(text); err != nil {
		return Template{}, err
	}
	p.flush()
	return Template{Parts: p.parts, source: text}, nil
}

type parser struct {
	names names
	parts []Part
	text  strings.Builder // since the last placeholder
}

func (p *parser) flush() {
	if p.text.Len() > 0 {
		p.parts = append(p.parts, Part{Text: p.text.String()})
		p.text.Reset()
	}
}

func (p *parser) add(ref Ref) {
	p.flush()
	p.parts = append(p.parts, Part{Ref: &ref})
}

func (p *parser) marked(text, marker string) {
	for i, piece := range strings.Split(text, marker) {
		if i > 0 {
			p.add(Ref{})
		}
		p.text.WriteString(piece)
	}
}

func (p *parser) braces(text string) error {
	for i := 0; i < len(text); {
		open := strings.IndexByte(text[i:], '{')
		if open < 0 {
			p.text.WriteString(text[i:])
			break
		}
		p.text.WriteString(text[i : i+open])
		i += open
		n, err := p.brace(text, i)
		if err != nil {
			return err
		}
		i += n
	}
	return nil
}

// brace takes what begins with the brace at i, and says how long it is.
func (p *parser) brace(text string, i int) (n int, err error) {
	if strings.HasPrefix(text[i:], "{{") {
		inner, ok := within(text[i+1:])
		if ok && strings.HasPrefix(text[i+len(inner)+3:], "}") && p.names.reserved(inner) {
			p.text.WriteString("{" + inner + "}")
			return len(inner) + 4, nil
		}
	}
	inner, ok := within(text[i:])
	if !ok {
		p.text.WriteByte('{')
		return 1, nil
	}
	ref, err := p.names.ref(inner)
	if afterDollar(text, i) && !errors.Is(err, errText) {
		ref, err = p.dollar(inner, ref, err)
	}
	switch {
	case errors.Is(err, errText):
		p.text.WriteByte('{')
		return 1, nil
	case err != nil:
		return 0, err
	}
	p.add(ref)
	return len(inner) + 2, nil
}

// within is what is between the brace that a text begins with and the next one,
// if that closes it.
func within(text string) (inner string, ok bool) {
	end := strings.IndexAny(text[1:], "{}")
	if end < 0 || text[1+end] == '{' {
		return "", false
	}
	return text[1 : 1+end], true
}

func afterDollar(text string, i int) bool {
	return i > 0 && text[i-1] == '$' && (i == 1 || text[i-2] != '\\')
}

// dollar decides what {inner} after a dollar is. A name that is no field is a
// variable's.
func (p *parser) dollar(inner string, ref Ref, err error) (Ref, error) {
	if err != nil {
		return Ref{}, errText
	}
	if ref.Cast != AsIs || ref.Kind != Field && ref.Kind != Column {
		return ref, nil
	}
	return Ref{}, fmt.Errorf("${%s}: a variable of the shell, or a dollar and then the item's %s? Write ${{%s}} for the variable, ${%s:str} for the value", inner, inner, inner, inner)
}
