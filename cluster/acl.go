package cluster

import (
	"fmt"
	"strings"

	"parfor.dev/parfor/cluster/internal/names"
)

// WorkerACL is what an agent's user needs on the servers, in a namespace, as the
// permissions block of a NATS configuration file:
//
//	users: [
//	  {user: agent, password: $AGENT_PASSWORD,
//	   permissions: { … }}
//	]
//
// With it an agent takes chunks, returns results and can do nothing else: it can't
// begin loops, remove streams, or see what other programs send or are answered. It
// is trusted with results all the same: it may say anything of any item of the
// namespace, for that is what agents do. Tenants that must not trust each other
// have accounts of their own.
//
// Streams must be there before such an agent: a [Connect] by a user who may make
// them does that. The error says that the namespace can't be one.
func WorkerACL(namespace string) (string, error) {
	space := names.Space(namespace)
	if err := space.Check(); err != nil {
		return "", bad("WorkerACL: %v", err)
	}
	var b strings.Builder
	block := func(name string, subjects []string) {
		fmt.Fprintf(&b, "  %s: {\n    allow: [\n", name)
		for _, s := range subjects {
			fmt.Fprintf(&b, "      %q\n", s)
		}
		b.WriteString("    ]\n  }\n")
	}
	b.WriteString("permissions: {\n")
	block("publish", space.AgentPublishes())
	block("subscribe", space.AgentHears())
	b.WriteString("}\n")
	return b.String(), nil
}
