package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"
)

// deployed writes NAME.sh, which starts what a file of deploy does, as the file says
// but for places: deployed systemd/parfor-worker.service unit
func deployed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("deployed FILE NAME")
	}
	text, err := os.ReadFile(filepath.Join(deployFolder, args[0]))
	ts.Check(err)
	var line string
	if strings.HasSuffix(args[0], ".yaml") {
		line = "parfor " + argsOf(ts, text)
	}
	for l := range strings.Lines(string(text)) {
		if start, ok := strings.CutPrefix(l, "ExecStart=/usr/local/bin/"); ok {
			line = strings.TrimSpace(start)
		}
	}
	line = strings.NewReplacer("tls://nats.example.org:4222", ts.Getenv("SERVER"), "tls://nats:4222", ts.Getenv("SERVER"),
		"%d/nats-ca", "ca.pem", "/etc/nats/ca.crt", "ca.pem", "%d/nats", "agent.login", "/etc/nats/agent-login", "agent.login",
		"0.0.0.0:9090", "127.0.0.1:0", "127.0.0.1:9090", "127.0.0.1:0").Replace(line)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]+".sh"), []byte("exec "+line+"\n"), 0o600))
}

// deployFolder is absolute: scripts run elsewhere.
var deployFolder, _ = filepath.Abs("../../deploy")

// argsOf are the arguments of the container of a patch.
func argsOf(ts *testscript.TestScript, text []byte) string {
	var patch struct {
		Spec struct {
			Template struct {
				Spec struct{ Containers []struct{ Args []string } }
			}
		}
	}
	ts.Check(yaml.Unmarshal(text, &patch))
	if len(patch.Spec.Template.Spec.Containers) != 1 {
		ts.Fatalf("no container")
	}
	return strings.Join(patch.Spec.Template.Spec.Containers[0].Args, " ")
}
