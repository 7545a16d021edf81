package dict_test

import (
	"errors"
	"testing"

	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/task"
)

func gone(int, bool, int) (int, bool) { return 0, false }

var _ = dict.RegisterCompute(gone)

// TestD10_ClaimAfterOtherSteps: a claim ends with its task, whatever the task
// did to the key before it.
func TestD10_ClaimAfterOtherSteps(t *testing.T) {
	for name, before := range map[string]func(*task.Ctx, *dict.Dict[string, int]) error{
		"Delete": func(c *task.Ctx, d *dict.Dict[string, int]) error { return d.Delete(c, "k") },
		"Clear":  func(c *task.Ctx, d *dict.Dict[string, int]) error { return d.Clear(c) },
		"Compute": func(c *task.Ctx, d *dict.Dict[string, int]) error {
			_, _, err := dict.Compute(c, d, "k", gone, 0)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := fresh[string, int](t)
			c := attempt(nil)
			if err := before(c, d); err != nil {
				t.Fatal(err)
			}
			if ok, err := d.Claim(c, "k"); !ok || err != nil {
				t.Fatal(ok, err)
			}
			finish(t, c, true)
			wants(t, bg, d, map[string]int{"k": 0})
			d.Delete(bg, "k")
			c = attempt(nil)
			if ok, err := d.Claim(c, "k"); !ok || err != nil {
				t.Fatalf("the key is free, and a claim of it is %v, %v", ok, err)
			}
			finish(t, c, false)
		})
	}
}

// TestD8_InnerLoopsAreSerializableToo: what the tasks of an inner loop read is
// read by the task around it.
func TestD8_InnerLoopsAreSerializableToo(t *testing.T) {
	d, other := fresh[int, int](t), fresh[int, int](t)
	c := attempt(nil)
	c.Loop = &task.Loop{Serializable: true}
	inner := attempt(c)
	inner.Loop = &task.Loop{}
	if _, _, err := d.Get(inner, 1); err != nil {
		t.Fatal(err)
	}
	finish(t, inner, true)
	other.Set(c, 1, 1)
	d.Set(bg, 1, 1)
	if _, err := c.Finish(nil); !errors.Is(err, task.ErrConflict) {
		t.Fatalf("an inner loop read what another task changed: %v", err)
	}
}
