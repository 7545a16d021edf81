package template

import (
	"fmt"
	"strings"

	"parfor.dev/parfor/cmd/parfor/internal/item"
)

// cast gives a value the type that was asked for.
func cast(v item.Value, to Cast) (item.Value, error) {
	switch to {
	case Int:
		digits, ok := wholeNumber(v.Text)
		if !ok {
			return v, fmt.Errorf("%s is no whole number", shown(v.Text))
		}
		return item.Value{Text: digits, JSON: []byte(digits)}, nil
	case JSON:
		it, err := item.JSON([]byte(v.Text))
		if err != nil {
			return v, fmt.Errorf("%s is no JSON: %w", shown(v.Text), err)
		}
		return it.Whole, nil
	}
	return item.Value{Text: v.Text}, nil
}

// wholeNumber is a number of any length as JSON writes it: no + and no zeros
// before it.
func wholeNumber(text string) (digits string, ok bool) {
	digits = strings.TrimPrefix(text, "-")
	negative := digits != text
	if !negative {
		digits = strings.TrimPrefix(text, "+")
	}
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	digits = strings.TrimLeft(digits, "0")
	switch {
	case digits == "":
		return "0", true
	case negative:
		return "-" + digits, true
	}
	return digits, true
}

// shown is a text for an error, which no one wants to be as long as the item.
func shown(text string) string {
	const most = 60
	if len(text) > most {
		return fmt.Sprintf("%q…", text[:most])
	}
	return fmt.Sprintf("%q", text)
}
