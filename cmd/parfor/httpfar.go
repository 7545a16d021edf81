package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"parfor.dev/parfor/cmd/parfor/internal/agent"
	"parfor.dev/parfor/cmd/parfor/internal/request"
)

// secretHeaders say who asks. They don't travel to agents: messages are kept on
// the cluster's disks, and everybody who may use it can read them.
var secretHeaders = []string{"authorization", "proxy-authorization", "cookie"}

// checkCluster refuses what agents can't do, and what shouldn't travel.
func (f *httpFlags) checkCluster(said func(string) bool) error {
	if f.cluster.where == "" {
		return nil
	}
	const instead = "would lie on the cluster's disks: --env-header takes a header from the agents' environment (parfor worker --allow-env)"
	for _, h := range f.spec.Headers {
		name, _, _ := strings.Cut(h, ":")
		if strings.HasPrefix(h, "@") {
			return usagef("-H %s: what the file has %s", h, instead)
		}
		if slices.Contains(secretHeaders, strings.ToLower(name)) {
			return usagef("-H %s: its value %s", name, instead)
		}
	}
	if f.spec.User != "" {
		return usagef("-u: the password %s", instead)
	}
	if u, err := url.Parse(f.options.Proxy); err == nil && u.User != nil {
		return usagef("--proxy: its password would lie on the cluster's disks: set HTTPS_PROXY for the agents")
	}
	for _, flag := range []string{"output-dir", "output-name"} {
		if said(flag) {
			return usagef("--%s with --cluster: answers come back with the results: keep them with -o", flag)
		}
	}
	for _, flag := range []string{"cacert", "cert", "cert-key"} {
		if said(flag) {
			return usagef("--%s with --cluster: agents send with the certificates of their machine (SSL_CERT_FILE)", flag)
		}
	}
	return nil
}

// checkRepeats refuses requests that must not arrive twice: what an agent was
// doing when it died another does again, and nobody knows how far it had come.
func (b *httpBody) checkRepeats() error {
	if may, known := b.plan.MayRepeat(); !may && known && !b.retry.Any() {
		return usagef("%w", errTwice)
	}
	return nil
}

var errTwice = errors.New("on a cluster a request is sent again if its agent dies, which is not safe with this method: add --idempotency-key '{}', or --retry-on any if twice does no harm")

// noSecret refuses what came into a request by its item.
func noSecret(h request.Header, env []request.Field) error {
	for _, f := range h {
		if !slices.Contains(secretHeaders, strings.ToLower(f.Name)) {
			continue
		}
		if !slices.ContainsFunc(env, func(e request.Field) bool { return strings.EqualFold(e.Name, f.Name) }) {
			return fmt.Errorf("the request has a password or the like (%s), which would lie on the cluster's disks", f.Name)
		}
	}
	return nil
}

// envHeaders are those of --env-header: name, variable.
func (f *httpFlags) envHeaders() (list []request.Field) {
	for _, e := range f.spec.EnvHeaders {
		name, variable, _ := strings.Cut(e, "=")
		list = append(list, request.Field{Name: name, Value: variable})
	}
	return list
}

// agentOptions are what agents send with.
func agentOptions(o request.Options) agent.Options {
	return agent.Options{Timeout: o.Timeout, ConnectTimeout: o.ConnectTimeout, HTTP1: o.HTTP1, HTTP2: o.HTTP2, Location: o.Location,
		Insecure: o.Insecure, Uncompressed: o.Uncompressed, Proxy: o.Proxy, MaxOutput: o.MaxOutput}
}

// elsewhere stands in a request for a value that only agents know.
func elsewhere(string) (string, bool) { return "(agent)", true }
