package cluster_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// What this binary is told when it is started again with a network of its own.
const (
	networkOf = "PARFOR_TEST_NETWORK" // all of the test
	linkOf    = "PARFOR_TEST_LINK"    // an agent with this number
)

// The names and addresses there. The server's is on no wire: each agent's link is a
// way to it.
const (
	serverHost = "10.77.0.1"
	agentLink  = "agent0"
)

// Agents that have addresses of their own, and a server that takes TLS and passwords.
// One agent's link goes down for longer than others wait, and comes back: every item
// has one result. All of it is in networks that nobody else sees: the test starts
// itself again in one, and each agent in another.
//
//	go test . -run TestNetworks -faults -v
func TestNetworks(t *testing.T) {
	if !*faults {
		t.Skip("it makes networks: run it with -faults, as root")
	}
	if os.Getenv(networkOf) != "" {
		networks(t)
		return
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("it takes the command ip")
	}
	cmd := again(networkOf + "=1")
	cmd.Args = append(cmd.Args, "-test.run=^TestNetworks$", "-test.v", "-test.timeout=100s", "-faults")
	cmd.Stderr = nil
	apart(cmd, syscall.CLONE_NEWNET)
	out, err := cmd.CombinedOutput()
	if errors.Is(err, os.ErrPermission) || strings.Contains(string(out), "--- SKIP") {
		t.Skipf("it takes root and network namespaces: %v %s", err, out)
	}
	if t.Logf("%s", out); err != nil {
		t.Error(err)
	}
}

func networks(t *testing.T) {
	for _, line := range []string{"link set lo up", "addr add " + serverHost + "/32 dev lo"} {
		if err := ip(line); err != nil {
			t.Skip(err)
		}
	}
	s := safeServerAt(t, serverHost)
	x := connected(t, s.url("owner"), s.trusted())
	networkAgent(t, s, 1, 2)
	networkAgent(t, s, 2, 1)
	slotsOf(t, x, 3)
	alone(t)
	wholeOf(t, x, s.url("owner"), 150, func() {
		if err := ip("link set up1 down"); err != nil {
			t.Error(err)
		}
		time.AfterFunc(3*redeliver, func() {
			if err := ip("link set up1 up"); err != nil {
				t.Error(err)
			}
		})
	}, nats.RootCAs(s.ca))
}

// networkAgent starts an agent in a network of its own, with a link to ours.
func networkAgent(t *testing.T, s safe, nth, slots int) {
	t.Helper()
	cmd := again(agentOf+"="+s.url("agent"), agentSlots+"="+strconv.Itoa(slots), agentCA+"="+s.ca, linkOf+"="+strconv.Itoa(nth))
	apart(cmd, syscall.CLONE_NEWNET)
	if err := begin(t, cmd); err != nil {
		t.Skip(err)
	}
	for _, line := range []string{
		fmt.Sprintf("link add up%d type veth peer name %s netns %d", nth, agentLink, cmd.Process.Pid),
		fmt.Sprintf("addr add 10.77.%d.1/24 dev up%d", nth, nth),
		fmt.Sprintf("link set up%d up", nth),
	} {
		if err := ip(line); err != nil {
			t.Skip(err)
		}
	}
}

// joinNetwork waits for an agent's link, and uses it.
func joinNetwork() error {
	nth := os.Getenv(linkOf)
	if nth == "" {
		return nil
	}
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if _, err := net.InterfaceByName(agentLink); err == nil {
			break
		} else if time.Now().After(end) {
			return err
		}
	}
	for _, line := range []string{"link set lo up", "addr add 10.77." + nth + ".2/24 dev " + agentLink, "link set " + agentLink + " up",
		"route add " + serverHost + " via 10.77." + nth + ".1"} {
		if err := ip(line); err != nil {
			return err
		}
	}
	return nil
}

// alone checks that no interface of the machine is among ours.
func alone(t *testing.T) {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		if one.Name != "lo" && one.Name != "up1" && one.Name != "up2" {
			t.Fatalf("the test is not alone: %s is here", one.Name)
		}
	}
}

func ip(line string) error {
	if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", line, err, out)
	}
	return nil
}
