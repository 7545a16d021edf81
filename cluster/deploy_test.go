package cluster_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.yaml.in/yaml/v3"

	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/metrics"
)

const deploy = "../deploy/"

// object is a document of a manifest.
type object map[string]any

// at walks into an object: by keys, and numbers of elements.
func (o object) at(t *testing.T, path ...any) any {
	t.Helper()
	var v any = map[string]any(o)
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok || m[p] == nil {
				t.Fatalf("%v: no %q", path, p)
			}
			v = m[p]
		case int:
			l, ok := v.([]any)
			if !ok || len(l) <= p {
				t.Fatalf("%v: no element %d", path, p)
			}
			v = l[p]
		}
	}
	return v
}

// manifest reads a file's objects, by kind and name.
func manifest(t *testing.T, name string) map[string]object {
	t.Helper()
	b, err := os.ReadFile(deploy + "kubernetes/" + name)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]object{}
	for d := yaml.NewDecoder(bytes.NewReader(b)); ; {
		var m map[string]any
		err := d.Decode(&m)
		o := object(m)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		id := fmt.Sprintf("%v/%v", o["kind"], o.at(t, "metadata", "name"))
		if all[id] != nil || o["apiVersion"] == nil {
			t.Errorf("%s: %s is there twice, or without a version", name, id)
		}
		all[id] = o
	}
}

func seconds(t *testing.T, v any) time.Duration {
	t.Helper()
	n, ok := v.(int)
	if !ok {
		t.Fatalf("%v is no number of seconds", v)
	}
	return time.Duration(n) * time.Second
}

// slack is what an agent needs beside its grace: to kill workers, and tell the servers.
const slack = 30 * time.Second

// An agent of the manifest has time to drain, and nothing else is killed for it.
func TestDeployAgent(t *testing.T) {
	all := manifest(t, "agent.yaml")
	d := all["Deployment/parfor-agent"]
	pod := []any{"spec", "template", "spec"}
	grace := cluster.DefaultGrace()
	if got := seconds(t, d.at(t, append(pod, "terminationGracePeriodSeconds")...)); got < grace+slack {
		t.Errorf("the pod has %v, and drains for %v", got, grace)
	}
	if got := d.at(t, "spec", "template", "metadata", "annotations", "parfor.dev/drain-grace"); got != grace.String() {
		t.Errorf("the grace is %v there, and %v here", got, grace)
	}
	if c, _ := d.at(t, append(pod, "containers", 0)...).(map[string]any); c["command"] != nil || c["lifecycle"] != nil {
		t.Error("something is between the program and SIGTERM")
	}
	labels := d.at(t, "spec", "template", "metadata", "labels")
	for _, selector := range []any{d.at(t, "spec", "selector", "matchLabels"), all["PodDisruptionBudget/parfor-agent"].at(t, "spec", "selector", "matchLabels")} {
		if !reflect.DeepEqual(selector, labels) {
			t.Errorf("%v does not select %v", selector, labels)
		}
	}
	if d.at(t, append(pod, "securityContext", "runAsNonRoot")...) != true {
		t.Error("it may run as root")
	}
	mounts := d.at(t, append(pod, "containers", 0, "volumeMounts")...).([]any)
	volumes := d.at(t, append(pod, "volumes")...).([]any)
	for _, m := range mounts {
		if !slices.ContainsFunc(volumes, func(v any) bool { return v.(map[string]any)["name"] == m.(map[string]any)["name"] }) {
			t.Errorf("no volume for %v", m)
		}
	}
}

// The scaler looks at the queue that a function of this name has, and grows.
func TestDeployKEDA(t *testing.T) {
	o := manifest(t, "keda.yaml")["ScaledObject/parfor-agent"]
	stream, consumer, err := cluster.Queue("default", "1", "post")
	if err != nil {
		t.Fatal(err)
	}
	m := o.at(t, "spec", "triggers", 0, "metadata").(map[string]any)
	if o.at(t, "spec", "triggers", 0, "type") != "nats-jetstream" || m["stream"] != stream || m["consumer"] != consumer {
		t.Errorf("%v, want %s and %s", m, stream, consumer)
	}
	if lag, err := strconv.Atoi(m["lagThreshold"].(string)); err != nil || lag < 1 || 2*lag > 8 {
		t.Errorf("the threshold is %v: with more than half an agent's slots a loop of long tasks never gets a second agent", m["lagThreshold"])
	}
	if manifest(t, "agent.yaml")["Deployment/"+o.at(t, "spec", "scaleTargetRef", "name").(string)] == nil {
		t.Error("there is nothing to scale")
	}
	nats := manifest(t, "nats.yaml")
	host, port, _ := strings.Cut(m["natsServerMonitoringEndpoint"].(string), ":")
	if !strings.Contains(fmt.Sprint(nats["Service/"+host].at(t, "spec", "ports")), port) {
		t.Errorf("%s does not serve %s", host, port)
	}
	if account := m["account"]; !strings.Contains(nats["ConfigMap/nats"].at(t, "data", "nats.conf").(string), fmt.Sprint(account)+": {") {
		t.Errorf("there is no account %v", account)
	}
}

// The servers' configuration is one that they take, and agents may do what they
// need.
func TestDeployNATS(t *testing.T) {
	all := manifest(t, "nats.yaml")
	dir := t.TempDir()
	cert := certificate(t, dir, "127.0.0.1")
	conf := all["ConfigMap/nats"].at(t, "data", "nats.conf").(string)
	conf = strings.NewReplacer("/etc/nats-tls/tls.crt", cert, "/etc/nats-tls/ca.crt", cert, "/etc/nats-tls/tls.key", filepath.Join(dir, "key.pem")).Replace(conf)
	for _, name := range []string{"SERVER_NAME", "ADMIN_PASSWORD", "OWNER_PASSWORD", "AGENT_PASSWORD"} {
		t.Setenv(name, "x"+name)
	}
	file := filepath.Join(dir, "nats.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !o.JetStream || o.StoreDir != "/data" || o.TLSConfig == nil || !o.TLSVerify && o.Cluster.TLSConfig == nil || o.MaxPayload != 8<<20 {
		t.Errorf("JetStream %v in %s, TLS %v, a message of %d", o.JetStream, o.StoreDir, o.TLSConfig != nil, o.MaxPayload)
	}
	set := all["StatefulSet/nats"]
	replicas := set.at(t, "spec", "replicas").(int)
	if len(o.Routes) != replicas || o.Cluster.Name == "" || set.at(t, "spec", "podManagementPolicy") != "Parallel" {
		t.Errorf("%d routes of %d servers", len(o.Routes), replicas)
	}
	for i, r := range o.Routes {
		if want := fmt.Sprintf("nats-%d.%v", i, set.at(t, "spec", "serviceName")); r.Hostname() != want {
			t.Errorf("a route to %s, want %s", r.Hostname(), want)
		}
	}
	if min := all["PodDisruptionBudget/nats"].at(t, "spec", "minAvailable").(int); 2*min <= replicas {
		t.Errorf("%d of %d servers are no majority", min, replicas)
	}
	if got := seconds(t, set.at(t, "spec", "template", "spec", "terminationGracePeriodSeconds")); got <= o.LameDuckDuration+o.LameDuckGracePeriod {
		t.Errorf("a server has %v to end, and its clients %v to leave", got, o.LameDuckDuration)
	}
	acl, err := cluster.WorkerACL("default")
	if err != nil {
		t.Fatal(err)
	}
	plain := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if !strings.Contains(plain(conf), plain(acl)) {
		t.Errorf("the permissions of agents are not those of WorkerACL:\n%s", acl)
	}
	for _, u := range o.Users {
		if (u.Permissions != nil) != (u.Username == "agent") || len(u.Password) < 4 {
			t.Errorf("user %s has permissions: %v", u.Username, u.Permissions != nil)
		}
	}
}

// systemd gives an agent time to drain, and its SIGTERM to nobody else.
func TestDeploySystemd(t *testing.T) {
	b, err := os.ReadFile(deploy + "systemd/parfor-agent.service")
	if err != nil {
		t.Fatal(err)
	}
	unit := map[string]string{}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		key, value, ok := strings.Cut(line, "=")
		switch {
		case line == "", strings.HasPrefix(line, "#"), strings.HasPrefix(line, "["):
		case !ok || unit[key] != "":
			t.Errorf("%q", line)
		default:
			unit[key] = value
		}
	}
	stop, err := strconv.Atoi(unit["TimeoutStopSec"])
	if grace := cluster.DefaultGrace(); err != nil || time.Duration(stop)*time.Second < grace+slack {
		t.Errorf("it has %s seconds, and drains for %v", unit["TimeoutStopSec"], grace)
	}
	for key, want := range map[string]string{"KillSignal": "SIGTERM", "KillMode": "mixed", "Restart": "always"} {
		if unit[key] != want {
			t.Errorf("%s=%s, want %s", key, unit[key], want)
		}
	}
}

// Alerts are about numbers that there are.
func TestDeployAlerts(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL())
	defer x.Close()
	serve(t, s.URL(), 1)
	slotsOf(t, x, 1)
	m := metrics.New()
	loopWith(t, x, m)
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	groups := manifest(t, "alerts.yaml")["PrometheusRule/parfor"].at(t, "spec", "groups", 0, "rules").([]any)
	names := regexp.MustCompile(`parfor_[a-z_]+`)
	n := 0
	for _, rule := range groups {
		r := object(rule.(map[string]any))
		for _, name := range names.FindAllString(r.at(t, "expr").(string), -1) {
			n++
			if !strings.Contains(b.String(), "\n"+name+"{") {
				t.Errorf("%v: there is no %s", r["alert"], name)
			}
		}
		if r.at(t, "annotations", "summary") == "" {
			t.Errorf("%v says nothing", r["alert"])
		}
	}
	if n < 5 {
		t.Errorf("%d names in %d alerts", n, len(groups))
	}
}

// The rules are Prometheus's, and tell of agents that died. It needs promtool.
func TestDeployAlertsFire(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("there is no promtool")
	}
	dir := t.TempDir()
	rules, err := yaml.Marshal(manifest(t, "alerts.yaml")["PrometheusRule/parfor"].at(t, "spec"))
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"rules.yml": rules, "test.yml": []byte(alertsTest)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"check", "rules", "rules.yml"}, {"test", "rules", "test.yml"}} {
		cmd := exec.Command(promtool, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}

// alertsTest has a program with a loop, whose only agent dies after five minutes.
const alertsTest = `
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'parfor_cluster_items_in_flight{namespace="default",instance="program"}', values: '8x40'}
      - {series: 'parfor_loops_active{loop="naps",executor="cluster",instance="program"}', values: '1x40'}
      - {series: 'parfor_loop_last_progress_timestamp_seconds{loop="naps",executor="cluster",instance="program"}', values: '0+60x5 300x35'}
      - {series: 'parfor_agent_slots{namespace="default",instance="agent"}', values: '4x5 stale'}
    alert_rule_test:
      - {eval_time: 5m, alertname: ParforNoSlots}
      - {eval_time: 10m, alertname: ParforNoSlots}
      - eval_time: 12m
        alertname: ParforNoSlots
        exp_alerts:
          - exp_labels: {namespace: default}
            exp_annotations: {summary: "Items wait in default, and no agent reports slots."}
      - {eval_time: 15m, alertname: ParforLoopStandsStill}
      - eval_time: 18m
        alertname: ParforLoopStandsStill
        exp_alerts:
          - exp_labels: {loop: naps, executor: cluster, instance: program}
            exp_annotations: {summary: "No item of naps has ended for ten minutes: are there agents, and do the servers have a leader?"}
`
