package mandoc

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/spf13/cobra"
)

func TestPages(t *testing.T) {
	nothing := func(*cobra.Command, []string) {}
	root := &cobra.Command{Use: "top", Short: "does things", Run: nothing}
	one := &cobra.Command{Use: "one", Short: "does one", Long: "For <this>, a_b and *.png, {} is [x].\n", Run: nothing}
	one.Flags().BoolP("loud", "l", false, "says it's -l")
	one.Flags().Int("times", 3, ".how often")
	root.AddCommand(one, &cobra.Command{Use: "secret", Hidden: true, Run: nothing})
	pages, err := Pages(root)
	if err != nil {
		t.Fatal(err)
	}
	if names := slices.Sorted(maps.Keys(pages)); !slices.Equal(names, []string{"top-one.1", "top.1"}) {
		t.Errorf("pages %q", names)
	}
	for _, want := range []string{`.TH "TOP-ONE" "1" "" "parfor"`, "For <this>, a_b and *.png, {} is [x].\n", "\\fB\\-l\\fP, \\fB\\-\\-loud\\fP\nsays it\\(aqs \\-l\n",
		"\\fB\\-\\-times\\fP \\fIint\\fP\n\\&.how often (default 3)\n", ".SH SEE ALSO"} {
		if !bytes.Contains(pages["top-one.1"], []byte(want)) {
			t.Errorf("no %q in\n%s", want, pages["top-one.1"])
		}
	}
	again, err := Pages(root)
	if err != nil || !bytes.Equal(again["top-one.1"], pages["top-one.1"]) || one.Long[:5] != "For <" {
		t.Errorf("a second time it is %s (%v)", again["top-one.1"], err)
	}
}
