package item

import (
	"bytes"
	"strings"
)

// Key is what the item is called in results when nobody says otherwise: the
// whole of a line, literal, number or plain JSON value; the key of an object's
// entry; the field id or else key of a row or JSON object; of an item of several
// sources the keys of its parts with spaces between, those in quotes that would
// not be told apart (a "b c" "").
// It says false where there is nothing of that sort.
func (it *Item) Key() (string, bool) {
	switch {
	case it.inside != nil:
		return it.inside.key()
	case it.Columns != nil: // a row without a header
		return "", false
	}
	return it.Whole.Text, true
}

// joinKeys writes keys so that no two lists of them look the same.
func joinKeys(keys []string) string {
	if len(keys) == 1 {
		return keys[0]
	}
	var b []byte
	for i, key := range keys {
		if i > 0 {
			b = append(b, ' ')
		}
		if key == "" || strings.ContainsAny(key, " \"\\") || bytes.ContainsFunc([]byte(key), isControl) {
			b = appendString(b, key)
		} else {
			b = append(b, key...)
		}
	}
	return string(b)
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
