package template

import (
	"strings"
	"testing"

	"parfor.dev/parfor/cmd/parfor/internal/item"
)

var (
	plain   = item.Schema{}
	users   = item.Schema{Columns: 3, Fields: []string{"id", "name", "a.b"}}
	odd     = item.Schema{Columns: 6, Fields: []string{"Order ID", "qty:int", "2", "7", "größe", "#"}}
	open    = item.Schema{Open: true}
	two     = item.Schema{Columns: 2}
	product = item.Schema{Columns: 2, Fields: []string{"u", "name", "u.id", "u.name", "1.id", "1.name", "2.id"}}
	mixed   = item.Schema{Columns: 2, Fields: []string{"u"}, Open: true}
)

// shape shows a template with its placeholders in angles.
func shape(t Template) string {
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Ref == nil {
			b.WriteString(p.Text)
		} else {
			b.WriteString("<" + strings.Trim(p.Ref.String(), "{}") + ">")
		}
	}
	return b.String()
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		schema      item.Schema
		text, want  string
		fails, mark string
	}{
		{schema: plain, text: "", want: ""},
		{schema: plain, text: "echo {} {.} {/} {//} {/.} {#} {%}", want: "echo <> <.> </> <//> </.> <#> <%>"},
		{schema: plain, text: "{:int}{:json}{:str}{#:str}{%:int}{/.:json}", want: "<:int><:json><:str><#:str><%:int></.:json>"},
		{schema: plain, text: "{}{}x{}", want: "<><>x<>"},

		// What looks like a placeholder and is none there.
		{schema: plain, text: `{"a":{"b":[1,2]}} awk '{print $1}' ${x} {1} {name} a{2} {1..3} {a,b}`, want: `{"a":{"b":[1,2]}} awk '{print $1}' ${x} {1} {name} a{2} {1..3} {a,b}`},
		{schema: plain, text: `{"n":"{}","o":{"p":"{}"}}`, want: `{"n":"<>","o":{"p":"<>"}}`},
		{schema: plain, text: "{ } { {} { { }} {", want: "{ } { <> { { }} {"},
		{schema: plain, text: "{{name}} {{1}} {{.Names}} {{:x}} {{", want: "{{name}} {{1}} {{.Names}} {{:x}} {{"},
		{schema: plain, text: "{:foo} {=s/a/b/=} {..} {///}", want: "{:foo} {=s/a/b/=} {..} {///}"},
		{schema: users, text: `{"id":{"x":1}} {a b} {1,2} {id:1} {$x} {-1} {01} {é-}`, fails: "{é-}: the items have no field é-"},
		{schema: users, text: `{"id":{"x":1}} {a b} {1,2} {id:1} {$x} {-1} {01} {a;b} {foo:bar}`, want: `{"id":{"x":1}} {a b} {1,2} {id:1} {$x} {-1} {01} {a;b} {foo:bar}`},

		// One pair more writes the text.
		{schema: plain, text: "{{}} {{.}} {{#}} {{:int}}", want: "{} {.} {#} {:int}"},
		{schema: plain, text: "{{{}}} {{{{}}}} {{} {}}", want: "{{}} {{{}}} {<> <>}"},
		{schema: plain, text: `{"a":{{}}}`, want: `{"a":{}}`},
		{schema: users, text: "{{1}} {{name}} {{9}} {{nope}} {{id:int}} {{id:float}} ${{HOME}} {{a b}}", want: "{1} {name} {9} {nope} {id:int} {id:float} ${HOME} {{a b}}"},
		{schema: open, text: "{{name}} {{1}}", want: "{name} {{1}}"},

		// Columns.
		{schema: two, text: "{1}-{2}-{2:int}", want: "<1>-<2>-<2:int>"},
		{schema: two, text: "{3}", fails: "{3}: the items have 2 columns; write {{3}} for the text {3}"},
		{schema: two, text: "{0}", fails: "{0}: columns are counted from 1"},
		{schema: two, text: "{99999999999999999999}", fails: "the items have 2 columns"},
		{schema: two, text: "{name} {1.x}", want: "{name} {1.x}"},
		{schema: two, text: "{2/.}", fails: "{2/.}: paths are taken apart of the whole item only, {/.}"},
		{schema: two, text: "{1:float}", fails: "{1:float}: after the colon comes int, json or str"},
		{schema: item.Schema{Columns: 1}, text: "{2}", fails: "the items have 1 column;"},

		// Fields that are all known.
		{schema: users, text: "{name}{id:int}{a.b:json}{1}{3}", want: "<name><id:int><a.b:json><1><3>"},
		{schema: users, text: "{nmae}", fails: "{nmae}: the items have no field nmae: did you mean {name}?; write {{nmae}} for the text {nmae}"},
		{schema: users, text: "{Name}", fails: "did you mean {name}?"},
		{schema: users, text: "{ids:int}", fails: "{ids}: the items have no field ids: did you mean {id}?"},
		{schema: users, text: "awk '{print}'", fails: "{print}: the items have no field print (they have id, name, a.b); write {{print}} for the text {print}"},
		{schema: users, text: "{a.c}", fails: "{a.c}: the items have no field a.c: did you mean {a.b}?"},
		{schema: users, text: "{a}", fails: "{a}: the items have no field a (they have id, name, a.b)"},
		{schema: users, text: "{id:float}", fails: "{id:float}: after the colon comes int, json or str; write {{id:float}} for the text {id:float}"},
		{schema: odd, text: "{Order ID}{qty:int}{2}{7}{größe}{größe:str}{#}", want: "<Order ID><qty:int><2><7><größe><größe:str><#>"},

		// Fields of several sources.
		{schema: product, text: "{u} {name} {u.id} {1.id} {2.id} {1} {2}", want: "<u> <name> <u.id> <1.id> <2.id> <1> <2>"},
		{schema: product, text: "{id}", fails: "{id}: the items have no field id by itself: there are {u.id}, {1.id}, {2.id}"},
		{schema: product, text: "{2.nmae}", fails: "{2.nmae}: the items have no field 2.nmae"},
		{schema: product, text: "{1.5}", want: "{1.5}"},
		{schema: mixed, text: "{u} {x.y} {1.x.0}", want: "<u> <x.y> <1.x.0>"},

		// Fields that any name may be.
		{schema: open, text: "{name} {a.b.0.c:int} {a-b} {_x}", want: "<name> <a.b.0.c:int> <a-b> <_x>"},
		{schema: open, text: `{1} {0} {a.} {.a} {a..b} {"a"} {a b} {1.x} {x:1}`, want: `{1} {0} {a.} {.a} {a..b} {"a"} {a b} {1.x} {x:1}`},
		{schema: open, text: "{qty:number}", fails: "{qty:number}: after the colon comes int, json or str"},

		// A dollar before it.
		{schema: users, text: `${HOME} ${x%.*} ${nope:-1} ${#} $ {id}`, want: `${HOME} ${x%.*} ${nope:-1} $<#> $ <id>`},
		{schema: users, text: "a ${name}", fails: "${name}: a variable of the shell, or a dollar and then the item's name? Write ${{name}} for the variable, ${name:str} for the value"},
		{schema: users, text: "${1}", fails: "${1}: a variable of the shell"},
		{schema: users, text: `${name:str} \${name} ${{name}} ${} ${.}`, want: `$<name:str> \$<name> ${name} $<> $<.>`},
		{schema: users, text: "${id:float} ${9}", want: "${id:float} ${9}"},
		{schema: open, text: "${HOME}", fails: "${HOME}: a variable of the shell, or"},
		{schema: open, text: "${HOME:-x} $HOME ${{HOME}}", want: "${HOME:-x} $HOME ${HOME}"},

		// A marker.
		{schema: users, mark: "@", text: "@ {} {{}} {name} {nope} @@x", want: "<> {} {{}} {name} {nope} <><>x"},
		{schema: users, mark: "{}", text: "{} {name} {{}}", want: "<> <name> {}"},
		{schema: users, mark: "XX", text: "XXX", want: "<>X"},
	} {
		got, err := Parse(c.text, c.schema, c.mark)
		switch {
		case c.fails != "":
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%s: %v, want %s", c.text, err, c.fails)
			}
		case err != nil:
			t.Errorf("%s: %v", c.text, err)
		case shape(got) != c.want:
			t.Errorf("%s: %s, want %s", c.text, shape(got), c.want)
		case got.String() != c.text:
			t.Errorf("%s is given back as %s", c.text, got)
		case got.Has() != strings.Contains(c.want, "<") || len(got.Refs()) != strings.Count(c.want, "<"):
			t.Errorf("%s: has %v, placeholders %v", c.text, got.Has(), got.Refs())
		}
	}
}

func TestAlone(t *testing.T) {
	for text, want := range map[string]bool{"{}": true, "{id:int}": true, "": false, "x": false, "{} ": false, "{}{}": false, "{{}}": false} {
		tmpl, err := Parse(text, users, "")
		if err != nil {
			t.Fatal(err)
		}
		if ref, ok := tmpl.Alone(); ok != want || ok && ref.String() != text {
			t.Errorf("%s: %v, %v", text, ref, ok)
		}
	}
}

func TestManyFieldsAreNotAllListed(t *testing.T) {
	s := item.Schema{Columns: 30}
	for c := 'a'; c < 'a'+26; c++ {
		s.Fields = append(s.Fields, "column_"+string(c))
	}
	_, err := Parse("{name}", s, "")
	if err == nil || !strings.Contains(err.Error(), "column_j and 16 more)") {
		t.Error(err)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"name", "nmae", 2}, {"name", "names", 1}, {"ä", "a", 1}, {"kitten", "sitting", 3}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%s, %s: %d", c.a, c.b, got)
		}
	}
}
