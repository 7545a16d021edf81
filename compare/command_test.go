package compare

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestCommandLine(t *testing.T) {
	for _, c := range []struct{ argv, want []string }{
		{[]string{"true"}, []string{"true", "7"}},
		{[]string{"echo", "-n"}, []string{"echo", "-n", "7"}},
		{[]string{"cp", "in/{}.txt", "out/{}{}"}, []string{"cp", "in/7.txt", "out/77"}},
		{[]string{"{}"}, []string{"{}", "7"}}, // the program is no argument
	} {
		before := slices.Clone(c.argv)
		if got := commandLine(c.argv, "7"); !slices.Equal(got, c.want) || !slices.Equal(c.argv, before) {
			t.Errorf("%q: %q, want %q", before, got, c.want)
		}
	}
	if got := typed([]string{"sh", "-c", "echo it's", ""}); got != `sh -c 'echo it'\''s' ''` {
		t.Error(got)
	}
}

func TestCommandsMustAgree(t *testing.T) {
	e := laidOut(t, Config{Command: []string{"true"}})
	j := e.loop(2)
	if err := e.agree(j, sequential(), map[int]int{0: 0, 1: 3}); err != nil {
		t.Error(err)
	}
	if err := e.agree(j, goroutines(2), map[int]int{0: 0, 1: 3, 2: 1}); err != nil {
		t.Error(err)
	}
	err := e.agree(j, goroutines(16), map[int]int{0: 0, 1: 3, 2: 0})
	if err == nil || !strings.Contains(err.Error(), "number 2 exits with 0, but it was 1 with goroutines") {
		t.Error(err)
	}
}

func TestCommandPlan(t *testing.T) {
	e := laidOut(t, Config{Command: []string{"true"}})
	if !slices.Equal(e.rep.Grid.Sizes, CommandSizes()) || e.rep.Ways.Items != commandRequests {
		t.Errorf("sizes %v, %d in the opening block", e.rep.Grid.Sizes, e.rep.Ways.Items)
	}
	if len(e.rep.Dictionary)+len(e.rep.CPU) > 0 {
		t.Error("the lines about the dictionary and computing are there")
	}
	for _, c := range []Config{
		{Command: []string{"true"}, URL: "http://127.0.0.1:1/"},
		{Body: Body{Kind: Command}},
	} {
		if c.withDefaults().Check() == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

func TestWhatIsNotThereIsNamed(t *testing.T) {
	_, err := Run(t.Context(), Config{Command: []string{"no-such-command"}, Budget: 1})
	if !errors.Is(err, ErrNoCommand) || !strings.Contains(err.Error(), "no-such-command") {
		t.Error(err)
	}
	_, err = Run(t.Context(), Config{Python: "post", PythonExe: "no-such-python", Budget: 1})
	if !errors.Is(err, ErrNoPython) || !strings.Contains(err.Error(), "install Python 3, with requests") {
		t.Error(err)
	}
	if _, err := command(t.Context(), []string{"no-such-command"}, 3); err == nil || !strings.Contains(err.Error(), "for number 3") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	if _, err := command(ctx, []string{"true"}, 3); !errors.Is(err, why) {
		t.Error(err)
	}
}
