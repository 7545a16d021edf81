package main

import (
	"fmt"
	"os"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
	"github.com/rogpeppe/go-internal/testscript"

	"parfor.dev/parfor/cluster"
)

// natsServer starts a server that is not parfor-node's, with TLS, as an
// administrator configures one, and says in $SERVER where it is:
//
//	server users     the users of deploy: owner and agent, in files of credentials; and one with an nkey
//	server token     a token
//	server cert      a token, and a certificate of the client's
//	server jwt       a user of nsc's
//
// ca.pem is its authority, other.pem is another one.
func natsServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("server KIND")
	}
	in := func(name string) string { return ts.MkAbs(name) }
	for _, name := range []string{"ca", "other"} {
		ts.Check(authority(in(name+".pem"), in(name+".key")))
	}
	ts.Check(signed(in("server"), in("ca.pem"), in("ca.key")))
	tls := fmt.Sprintf("cert_file: %q, key_file: %q", in("server.pem"), in("server.key"))
	users := `authorization: {token: "secret-t"}`
	switch args[0] {
	case "users":
		acl, err := cluster.WorkerACL(namespace)
		ts.Check(err)
		users = fmt.Sprintf(`accounts: {parfor: {jetstream: enabled, users: [
			{user: owner, password: "secret-o"}
			{user: agent, password: "secret-a", %s}
			{nkey: %s}
		]}}`, acl, seedOf(ts, "owner.seed"))
	case "cert":
		ts.Check(signed(in("client"), in("ca.pem"), in("ca.key")))
		tls += fmt.Sprintf(", ca_file: %q, verify: true", in("ca.pem"))
	case "jwt":
		users = tenant(ts, "owner.creds")
	}
	conf := in("nats.conf")
	ts.Check(os.WriteFile(conf, fmt.Appendf(nil, "host: 127.0.0.1, port: -1, jetstream: {store_dir: %q}\ntls: {%s}\n%s\n", in("store"), tls, users), 0o600))
	o, err := server.ProcessConfigFile(conf)
	ts.Check(err)
	o.NoLog, o.NoSigs = true, true
	s, err := server.NewServer(o)
	ts.Check(err)
	s.Start()
	ts.Defer(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		ts.Fatalf("the server does not start")
	}
	ts.Setenv("SERVER", "tls://"+s.Addr().String())
	ts.Setenv("ADDRESS", s.Addr().String())
}

// seedOf makes a user's nkey, and returns the public half.
func seedOf(ts *testscript.TestScript, file string) string {
	key, err := nkeys.CreateUser()
	ts.Check(err)
	seed, err := key.Seed()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(file), append(seed, '\n'), 0o600))
	public, err := key.PublicKey()
	ts.Check(err)
	return public
}

// tenant makes an operator, accounts and a user, as nsc does, and returns what the
// server must know of them.
func tenant(ts *testscript.TestScript, file string) string {
	pair := func(create func() (nkeys.KeyPair, error)) (nkeys.KeyPair, string) {
		key, err := create()
		ts.Check(err)
		public, err := key.PublicKey()
		ts.Check(err)
		return key, public
	}
	operator, operatorID := pair(nkeys.CreateOperator)
	_, systemID := pair(nkeys.CreateAccount)
	account, accountID := pair(nkeys.CreateAccount)
	user, userID := pair(nkeys.CreateUser)
	said := func(c interface {
		Encode(nkeys.KeyPair) (string, error)
	}, by nkeys.KeyPair) string {
		token, err := c.Encode(by)
		ts.Check(err)
		return token
	}
	a := jwt.NewAccountClaims(accountID)
	a.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
	seed, err := user.Seed()
	ts.Check(err)
	creds, err := jwt.FormatUserConfig(said(jwt.NewUserClaims(userID), account), seed)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(file), creds, 0o600))
	return fmt.Sprintf("operator: %s\nsystem_account: %s\nresolver: MEMORY\nresolver_preload: {\n%s: %s\n%s: %s\n}", said(jwt.NewOperatorClaims(operatorID), operator),
		systemID, systemID, said(jwt.NewAccountClaims(systemID), operator), accountID, said(a, operator))
}
