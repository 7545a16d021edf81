package trio

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// memberOf is the variable that makes a program a server.
const memberOf = "PARFOR_TEST_MEMBER"

// Main runs a server, if this program was started as one: until it gets a
// SIGTERM, or who started it ends.
func Main() (ran bool, code int) {
	config := os.Getenv(memberOf)
	if config == "" {
		return false, 0
	}
	if err := serve([]byte(config)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return true, 1
	}
	return true, 0
}

func serve(config []byte) error {
	var m member
	if err := json.Unmarshal(config, &m); err != nil {
		return err
	}
	var routes []*url.URL
	for _, r := range m.Routes {
		u, err := url.Parse(r)
		if err != nil {
			return err
		}
		routes = append(routes, u)
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	s, err := server.NewServer(&server.Options{ServerName: m.Name, Host: "127.0.0.1", Port: m.Client, HTTPHost: "127.0.0.1", HTTPPort: m.HTTP,
		NoSigs: true, NoLog: true, JetStream: true, StoreDir: m.Dir, PingInterval: 5 * time.Second, DisableJetStreamBanner: true, MaxPayload: 8 << 20,
		Cluster: server.ClusterOpts{Name: "trio", Host: "127.0.0.1", Port: m.Route, NoAdvertise: true}, Routes: routes})
	if err != nil {
		return err
	}
	s.Start()
	<-end
	s.Shutdown()
	s.WaitForShutdown()
	return nil
}
