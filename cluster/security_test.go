package cluster_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
)

// safe is a server with TLS, as an administrator configures one: two tenants, and
// in the first users who may do everything, what agents need, and too little.
type safe struct {
	ca  string // the file with its certificate
	url func(user string) string
}

// soon is how fast a program must hear that it may not do something.
const soon = 2 * time.Second

func safeServer(t *testing.T) safe { return safeServerAt(t, "127.0.0.1") }

func safeServerAt(t *testing.T, host string) safe {
	t.Helper()
	dir := t.TempDir()
	s := safe{ca: certificate(t, dir, host)}
	acl, err := cluster.WorkerACL("default")
	if err != nil {
		t.Fatal(err)
	}
	less := strings.Replace(acl, `"pf.default.r.>"`, "", 1) // no results
	config := filepath.Join(dir, "nats.conf")
	text := fmt.Sprintf(`
		host: %q, port: -1, max_payload: 65536
		jetstream: {store_dir: %q}
		tls: {cert_file: %q, key_file: %q}
		accounts: {
		  one: {jetstream: enabled, users: [
		    {user: owner, password: secret}
		    {user: agent, password: secret, %s}
		    {user: weak, password: secret, %s}
		  ]}
		  two: {jetstream: enabled, users: [{user: stranger, password: secret}]}
		  none: {users: [{user: nobody, password: secret}]}
		}`, host, filepath.Join(dir, "store"), s.ca, filepath.Join(dir, "key.pem"), acl, less)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := server.ProcessConfigFile(config)
	if err != nil {
		t.Fatal(err)
	}
	o.NoLog, o.NoSigs = true, true
	srv, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() {
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	s.url = func(user string) string { return fmt.Sprintf("tls://%s:secret@%s", user, srv.Addr()) }
	return s
}

// certificate makes one for an address, which is its own authority.
func certificate(t *testing.T, dir, host string) (file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(host)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "cert.pem")
}

func (s safe) trusted() cluster.Option { return cluster.NATS(nats.RootCAs(s.ca)) }

// An agent with WorkerACL has all that it needs, over TLS: results, errors, large
// ones, cancelled loops, drain.
func TestWorkerACL(t *testing.T) {
	s := safeServer(t)
	x := connected(t, s.url("owner"), s.trusted())
	end := serve(t, s.url("agent"), 2, s.trusted())
	slotsOf(t, x, 2)
	if out, err := parfor.Map(within(t), parfor.Range(1000), square, parfor.On(x)); err != nil || out[999] != 999*999 {
		t.Error(err)
	}
	if out, err := parfor.Map(within(t), []int{100_000, 5}, large, parfor.On(x)); err != nil || len(out[0]) != 100_000 {
		t.Error(err)
	}
	if out, err := parfor.Map(within(t), [][]byte{pattern(100_000)}, size, parfor.On(x), parfor.With(pattern(100_000))); err != nil || out[0] != 100_000 {
		t.Error(err)
	}
	mind := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(within(t))
	n := 0
	for range parfor.Stream(ctx, each(1000), nap, parfor.On(x)) {
		if n++; n == 3 {
			cancel(mind)
		}
	}
	cancel(nil)
	if n > 100 {
		t.Errorf("%d results of a loop that was cancelled", n)
	}
	end()
	slotsOf(t, x, 0)
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	empty(t, s.url("owner"), nats.RootCAs(s.ca))
}

// What an agent's user doesn't need it can't do.
func TestWorkerACLDenies(t *testing.T) {
	s := safeServer(t)
	connected(t, s.url("owner"), s.trusted())
	denied := make(chan error, 10)
	nc, err := nats.Connect(s.url("agent"), nats.RootCAs(s.ca), nats.CustomInboxPrefix("_INBOX_PF_default_agent"),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err }))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	for what, try := range map[string]func(ctx context.Context) error{
		"removes a stream": func(ctx context.Context) error { return js.DeleteStream(ctx, "PF_default_T") },
		"makes a stream": func(ctx context.Context) error {
			_, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "X"})
			return err
		},
		"removes a lane":             func(ctx context.Context) error { return js.DeleteConsumer(ctx, "PF_default_T", "x") },
		"begins a loop":              func(ctx context.Context) error { return nc.Publish("pf.default.l.a.1.spec", nil) },
		"sends a chunk":              func(ctx context.Context) error { return nc.Publish("pf.default.t.x.a.1.1", nil) },
		"gives orders":               func(ctx context.Context) error { return nc.Publish("pf.default.ctl.orders", nil) },
		"is in another namespace":    func(ctx context.Context) error { return nc.Publish("pf.other.r.a.1.1.0", nil) },
		"reads chunks":               func(ctx context.Context) error { _, err := nc.SubscribeSync("pf.default.t.>"); return err },
		"reads results":              func(ctx context.Context) error { _, err := nc.SubscribeSync("pf.default.r.>"); return err },
		"reads what others are told": func(ctx context.Context) error { _, err := nc.SubscribeSync("_INBOX_PF_default_owner.>"); return err },
	} {
		ctx, cancel := context.WithCancel(within(t)) // a request that is denied has no answer
		done := make(chan struct{})
		go func() {
			defer close(done)
			try(ctx)
		}()
		select {
		case err := <-denied:
			if !errors.Is(err, nats.ErrPermissionViolation) {
				t.Errorf("who %s: %v", what, err)
			}
		case <-time.After(soon):
			t.Errorf("who %s isn't denied that", what)
		}
		cancel()
		<-done
	}
}

// Who is denied something hears so at once, in an error that says what.
func TestDenied(t *testing.T) {
	s := safeServer(t)
	denied := func(what, subject string, f func(ctx context.Context) error) {
		t.Helper()
		began := time.Now()
		err := f(within(t))
		if !errors.Is(err, cluster.ErrDenied) || !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(err.Error(), subject) {
			t.Errorf("%s: %v", what, err)
		}
		if took := time.Since(began); took > soon {
			t.Errorf("%s: heard after %v", what, took)
		}
	}
	agent := func(user string) func(context.Context) error {
		return func(ctx context.Context) error {
			return cluster.Serve(ctx, s.url(user), s.trusted(), cluster.Goroutines(1))
		}
	}
	denied("an agent where no streams are", "STREAM.CREATE.PF_default_T", agent("agent"))
	x := connected(t, s.url("owner"), s.trusted())
	denied("a loop's program with an agent's user", "_INBOX_PF_default_owner.", func(ctx context.Context) error {
		x, err := cluster.Connect(ctx, s.url("agent"), s.trusted())
		if err == nil {
			x.Close()
		}
		return err
	})
	f := parfor.Submit(within(t), x, square, 3)
	denied("an agent that can't return results", "pf.default.r.", agent("weak"))
	serve(t, s.url("agent"), 1, s.trusted())
	if n, err := f.Result(within(t)); n != 9 || err != nil {
		t.Errorf("the item that it had: %d, %v", n, err)
	}
}

// Who isn't known hears so at once.
func TestUnknown(t *testing.T) {
	s := safeServer(t)
	for what, c := range map[string]struct {
		url  string
		opt  cluster.Option
		want error
	}{
		"a wrong password":         {strings.Replace(s.url("owner"), "secret", "wrong", 1), s.trusted(), nats.ErrAuthorization},
		"no credentials":           {strings.Replace(s.url("owner"), "owner:secret@", "", 1), s.trusted(), nats.ErrAuthorization},
		"an unknown authority":     {s.url("owner"), cluster.NATS(), nil},
		"no TLS":                   {strings.Replace(s.url("owner"), "tls:", "nats:", 1), cluster.NATS(), nil},
		"a tenant without streams": {s.url("nobody"), s.trusted(), jetstream.ErrJetStreamNotEnabledForAccount},
	} {
		began := time.Now()
		x, err := cluster.Connect(within(t), c.url, c.opt)
		if err == nil {
			x.Close()
		}
		if err == nil || c.want != nil && !errors.Is(err, c.want) ||
			(c.want == nats.ErrAuthorization) != errors.Is(err, cluster.ErrDenied) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", what, err)
		}
		if took := time.Since(began); took > soon {
			t.Errorf("%s: heard after %v", what, took)
		}
	}
}

// Tenants don't see each other: the same function in the same namespace finds no
// agent of the other's.
func TestTenants(t *testing.T) {
	s := safeServer(t)
	x := connected(t, s.url("owner"), s.trusted())
	serve(t, s.url("agent"), 1, s.trusted())
	slotsOf(t, x, 1)
	other := connected(t, s.url("stranger"), s.trusted(), cluster.WaitForAgents(200*time.Millisecond))
	if n := other.Slots(); n != 0 {
		t.Errorf("%d slots of another tenant", n)
	}
	if _, err := parfor.Map(within(t), parfor.Range(3), square, parfor.On(other)); !errors.Is(err, cluster.ErrNoWorker) {
		t.Errorf("got %v", err)
	}
	if out, err := parfor.Map(within(t), parfor.Range(3), square, parfor.On(x)); err != nil || out[2] != 4 {
		t.Error(err)
	}
}
