package template

import (
	"fmt"
	"strconv"

	"parfor.dev/parfor/cmd/parfor/internal/item"
)

// Value is what a placeholder stands for in an item. It fails where the item
// has no such field, and where the value isn't what the cast asks for; the
// error names the field, and the caller the item.
func Value(ref Ref, it *item.Item, env Env) (item.Value, error) {
	v, err := value(ref, it, env)
	if err != nil || ref.Cast == AsIs {
		return v, err
	}
	if v, err = cast(v, ref.Cast); err != nil {
		return item.Value{}, fmt.Errorf("%s: %w", ref.name(), err)
	}
	return v, nil
}

func value(ref Ref, it *item.Item, env Env) (item.Value, error) {
	switch ref.Kind {
	case Column:
		if ref.N > len(it.Columns) {
			return item.Value{}, fmt.Errorf("%s: the item has %s", ref.name(), columns(len(it.Columns)))
		}
		return it.Columns[ref.N-1], nil
	case Field:
		v, ok := it.Field(ref.Name)
		if !ok {
			return v, fmt.Errorf("the item has no field %s", ref.Name)
		}
		return v, nil
	case Seq:
		return number(env.Seq), nil
	case Slot:
		return number(env.Slot), nil
	case NoExt:
		return item.Value{Text: noExt(it.Whole.Text)}, nil
	case Base:
		return item.Value{Text: base(it.Whole.Text)}, nil
	case Dir:
		return item.Value{Text: dir(it.Whole.Text)}, nil
	case BaseNoExt:
		return item.Value{Text: noExt(base(it.Whole.Text))}, nil
	}
	return it.Whole, nil
}

func number(n int) item.Value {
	text := strconv.Itoa(n)
	return item.Value{Text: text, JSON: []byte(text)}
}
