package mandoc

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// withOptions replaces what cobra writes about options, with values in the
// manner of Go such as --in=[] and --zip[=false], by a list as manuals have it.
func withOptions(page []byte, cmd *cobra.Command) []byte {
	begin := bytes.Index(page, []byte(".SH OPTIONS"))
	if begin < 0 {
		return page
	}
	end := len(page)
	if next := bytes.Index(page[begin+1:], []byte("\n.SH ")); next >= 0 {
		end = begin + 1 + next + 1
	}
	var b bytes.Buffer
	b.Write(page[:begin])
	b.WriteString(".SH OPTIONS\n")
	cmd.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			option(&b, f)
		}
	})
	b.Write(page[end:])
	return b.Bytes()
}

func option(b *bytes.Buffer, f *pflag.Flag) {
	value, usage := pflag.UnquoteUsage(f)
	b.WriteString(".TP\n")
	if f.Shorthand != "" {
		fmt.Fprintf(b, `\fB\-%s\fP, `, f.Shorthand)
	}
	fmt.Fprintf(b, `\fB\-\-%s\fP`, escape(f.Name))
	if f.Value.Type() != "bool" {
		fmt.Fprintf(b, ` \fI%s\fP`, escape(strings.TrimSuffix(strings.TrimSuffix(value, "Array"), "s")))
	}
	fmt.Fprintf(b, "\n%s%s\n", escape(usage), escape(standing(f)))
}

// standing is what holds if an option is not given, where that says something.
func standing(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "0", "0s", "0/s", "0%", "[]", "false":
		return ""
	}
	if strings.Contains(f.Usage, "(default") {
		return ""
	}
	return " (default " + f.DefValue + ")"
}

// escape keeps troff from taking characters for its own.
func escape(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "^", `\(ha`, "~", `\(ti`).Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}
