package progress

import (
	"encoding/json"
	"testing"

	"parfor.dev/parfor/observe"
)

func TestReceiptOfDictionaries(t *testing.T) {
	hits := observe.Dict{
		Name: "example.com/shop/web.hits", Commits: 1, Adds: 12345, Conflicts: 37, Received: 340 << 10, Asked: 2, Entries: 9,
		Hot: []observe.HotKey{{Hash: 0xabc, Conflicts: 30}, {Hash: 2, Conflicts: 7}, {Hash: 3, Writes: 640}},
	}
	shown := hits
	shown.Hot = []observe.HotKey{{Key: "a\x1b[31m", Conflicts: 30}, {Key: "b", Conflicts: 5}, {Key: "c", Conflicts: 2}}
	for _, c := range []struct {
		ds   []observe.Dict
		want string
	}{
		{nil, ""},
		{[]observe.Dict{hits}, "  web.hits: 1 commit · 12,345 adds · 37 conflicts (2 hot keys) · 340 KiB from workers · 2 questions\n"},
		{[]observe.Dict{shown}, "  web.hits: 1 commit · 12,345 adds · 37 conflicts (a [31m ×30, b ×5 …) · 340 KiB from workers · 2 questions\n"},
		{[]observe.Dict{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}}, "  a: 0 commits\n  b: 0 commits\n  c: 0 commits\n  1 more dictionary\n"},
		{[]observe.Dict{{}, {}, {}, {}, {}}, "  : 0 commits\n  : 0 commits\n  : 0 commits\n  2 more dictionaries\n"},
	} {
		if got := dicts(c.ds); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
	b, err := json.Marshal(dictJSON(hits))
	const want = `{"name":"example.com/shop/web.hits","commits":1,"add":12345,"conflicts":37,"entries":9,"recv":348160,"asked":2,` +
		`"hot":[{"hash":"0000000000000abc","conflicts":30},{"hash":"0000000000000002","conflicts":7},{"hash":"0000000000000003","writes":640}]}`
	if err != nil || string(b) != want {
		t.Errorf("got  %s, %v\nwant %s", b, err, want)
	}
}
