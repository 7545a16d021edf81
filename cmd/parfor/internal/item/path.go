package item

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// lookup finds a value inside a compact JSON value by its path. It walks over
// the text and decodes nothing but what it returns: most items are looked at
// for one or two of their fields.
func lookup(v json.RawMessage, path string) (json.RawMessage, bool) {
	if len(v) == 0 {
		return nil, false
	}
	switch v[0] {
	case '{':
		return member(v, path)
	case '[':
		return element(v, path)
	}
	return nil, false
}

// member finds the value at a path that begins in an object: the longest name
// that the path begins with, and the rest inside of its value.
func member(object json.RawMessage, path string) (json.RawMessage, bool) {
	for end := len(path); end > 0; end = strings.LastIndexByte(path[:end], '.') {
		v, ok := named(object, path[:end])
		if ok && end < len(path) {
			v, ok = lookup(v, path[end+1:])
		}
		if ok {
			return v, true
		}
	}
	return nil, false
}

// named finds the value under a name. Of several it is the last, as for every
// decoder that fills a map.
func named(object json.RawMessage, name string) (found json.RawMessage, ok bool) {
	for i := 1; object[i] != '}'; {
		end := skip(object, i)
		key := object[i:end]
		i = end + 1 // the colon
		end = skip(object, i)
		if isName(key, name) {
			found, ok = object[i:end:end], true
		}
		if i = end; object[i] == ',' {
			i++
		}
	}
	return found, ok
}

func isName(quoted []byte, name string) bool {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1:len(quoted)-1]) == name
	}
	return unquote(quoted) == name
}

// element finds the value at a path that begins with a place in an array.
func element(array json.RawMessage, path string) (json.RawMessage, bool) {
	head, rest, deeper := strings.Cut(path, ".")
	place, err := strconv.ParseUint(head, 10, 31)
	if err != nil {
		return nil, false
	}
	for i := 1; array[i] != ']'; place-- {
		end := skip(array, i)
		if place == 0 {
			if deeper {
				return lookup(array[i:end:end], rest)
			}
			return array[i:end:end], true
		}
		if i = end; array[i] == ',' {
			i++
		}
	}
	return nil, false
}

// skip is where the value ends that begins at i.
func skip(v []byte, i int) int {
	depth := 0
	for ; ; i++ {
		switch v[i] {
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		case '"':
			for i++; v[i] != '"'; i++ {
				if v[i] == '\\' {
					i++
				}
			}
		case ',', ':':
			continue
		default: // a number, true, false or null
			for i+1 < len(v) && bytes.IndexByte([]byte(",:}]"), v[i+1]) < 0 {
				i++
			}
		}
		if depth == 0 {
			return i + 1
		}
	}
}
