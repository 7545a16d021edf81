package embed

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"parfor.dev/parfor/cluster/internal/address"
)

// pingEvery finds peers that went without a word.
const pingEvery = 20 * time.Second

// launch starts a server on a folder whose lock the caller has: at the address's
// port if that is free, else at another. It returns where it listens.
func launch(dir string, a address.Address, o options) (*server.Server, address.Address, error) {
	port := a.Port
	if port == 0 || !free(port) {
		port = server.RANDOM_PORT
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "parfor", Host: address.Loopback, Port: port, Authorization: a.Token,
		NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: filepath.Join(dir, "store"), JetStreamMaxStore: o.maxStore, SyncAlways: o.sync,
		MaxPayload: o.maxPayload, PingInterval: pingEvery, DisableJetStreamBanner: true,
	})
	if err != nil {
		return nil, a, fmt.Errorf("embed: the server: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(o.start) || !s.JetStreamEnabled() {
		end(s)
		return nil, a, fmt.Errorf("embed: the server did not start within %v on %s: is there room for its store, on a local disk?", o.start, dir)
	}
	tcp, ok := s.Addr().(*net.TCPAddr)
	if !ok {
		end(s)
		return nil, a, errors.New("embed: the server does not listen")
	}
	a.Port = tcp.Port
	return s, a, nil
}

func end(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// free reports whether a port can be listened on: a server that can't have it
// only says so in its log.
func free(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(address.Loopback, strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
