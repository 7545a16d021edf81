package main

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"parfor.dev/parfor/cluster"
)

const whereLocal = "local"

// schemes are those of NATS addresses.
var schemes = []string{"nats", "tls", "ws", "wss"}

// isURL tells an address from a folder.
func isURL(where string) bool { return strings.Contains(where, "://") }

// addresses are the servers' that where names, or why it can't be meant. The text
// has no secret.
func addresses(where string) (all []*url.URL, err error) {
	for text := range strings.SplitSeq(where, ",") {
		text = strings.TrimSpace(text)
		if !strings.Contains(text, "://") { // of those after the first
			text = "nats://" + text
		}
		u, err := url.Parse(text)
		if err != nil {
			return nil, usagef("--cluster %s: it is no URL, as tls://nats.example:4222 is one", shownCluster(where))
		}
		port, portErr := strconv.Atoi(u.Port())
		switch {
		case !slices.Contains(schemes, u.Scheme):
			return nil, usagef("--cluster %s: %s:// is no address of a NATS server: tls:// is, and nats:// on this machine", shownCluster(where), u.Scheme)
		case u.Hostname() == "":
			return nil, usagef("--cluster %s: it names no machine, as tls://nats.example:4222 does", shownCluster(where))
		case u.Port() != "" && (portErr != nil || port < 1 || port > 65535):
			return nil, usagef("--cluster %s: %s is no port", shownCluster(where), u.Port())
		}
		all = append(all, u)
	}
	return all, nil
}

// checkWhere refuses what is neither a folder nor an address.
func (c *clusterFlags) checkWhere() error {
	switch {
	case c.where == "" || c.where == whereLocal:
		return nil
	case isURL(c.where):
		_, err := addresses(c.where)
		return err
	case slices.Contains(schemes, strings.SplitN(c.where, ":", 2)[0]) && strings.Contains(c.where, ":"):
		return usagef("--cluster %s: a URL has two slashes, as tls://nats.example:4222", quote(c.where))
	case !strings.ContainsRune(c.where, filepath.Separator):
		return usagef("--cluster %s: it is local, the folder of a parfor-node as in ./node, or a URL as in nats://127.0.0.1:4222", quote(c.where))
	}
	return nil
}

// checkArgument refuses what a command line shouldn't say of a cluster: other users
// of the machine see it. A variable of the environment they don't.
func checkArgument(where string) error {
	if hasSecret(where) {
		return usagef("--cluster %s: other users of this machine see what a command line has: write NAME:PASSWORD or the token into a file for --cluster-creds, or set PARFOR_OPT_CLUSTER", shownCluster(where))
	}
	if where == "" { // a variable that a script forgot, and not: here
		return usagef("--cluster '': name the cluster, or leave the flag out")
	}
	return nil
}

// hasSecret reports whether an address has a password or a token in it.
func hasSecret(where string) bool {
	return isURL(where) && strings.Contains(where, "@")
}

// url is where to connect to. A folder is that of a parfor-node.
func (c *clusterFlags) url() (string, error) {
	if err := c.checkWhere(); err != nil {
		return "", err
	}
	if isURL(c.where) {
		return c.where, nil
	}
	dir := c.where
	if dir == whereLocal {
		var err error
		if dir, err = cluster.LocalDir(); err != nil {
			return "", usagef("--cluster local: %s", strings.TrimPrefix(err.Error(), "parfor: "))
		}
	}
	u, err := cluster.LocalURL(dir)
	if errors.Is(err, cluster.ErrNoServer) {
		return "", ioError(fmt.Errorf("--cluster %s: no parfor-node has run there; start one with: %s", quote(c.where), c.node()))
	}
	return u, ioError(err)
}

// node is how the cluster is started.
func (c *clusterFlags) node() string {
	if c.where == whereLocal {
		return "parfor-node"
	}
	return "parfor-node --dir " + quote(c.where)
}

// local reports whether the cluster's only server is on this machine.
func (c *clusterFlags) local() bool {
	if !isURL(c.where) {
		return true
	}
	all, err := addresses(c.where)
	return err == nil && len(all) == 1 && loopback(all[0].Hostname())
}

// shown is where the cluster is, without a secret.
func (c *clusterFlags) shown() string { return shownCluster(c.where) }

func shownCluster(where string) string {
	if !hasSecret(where) {
		return quote(where)
	}
	// What stands before the last @ may be a secret, whatever it looks like.
	scheme, _, _ := strings.Cut(where, "://")
	return quote(scheme + "://…" + where[strings.LastIndex(where, "@"):])
}
