package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/nats-io/nats.go"
)

// nats are the options of the connection. Files are read again whenever it is
// made again: what they have may have been renewed.
func (c *clusterFlags) nats() (opts []nats.Option, err error) {
	if c.creds != "" {
		login, err := loginOf(c.creds)
		if err != nil {
			return nil, err
		}
		opts = append(opts, login)
	}
	if c.ca != "" {
		if err := checkCA(c.ca); err != nil {
			return nil, err
		}
		opts = append(opts, nats.RootCAs(c.ca))
	}
	if c.cert != "" {
		if _, err := tls.LoadX509KeyPair(c.cert, c.key); err != nil {
			return nil, ioError(fmt.Errorf("--cluster-cert: %w", err))
		}
		opts = append(opts, nats.ClientCert(c.cert, c.key))
	}
	return opts, nil
}

// login is what a file of credentials has: one of these.
type login struct {
	jwt            bool // and the seed of its key
	seed           bool
	token          string
	user, password string
}

const mostCredentials = 64 << 10

// readLogin reads a file of credentials. What is in it tells what it is. Nothing of
// that is in the error.
func readLogin(file string) (login, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return login{}, ioError(fmt.Errorf("--cluster-creds: %w", err))
	}
	text := strings.TrimSpace(string(b))
	switch {
	case len(b) > mostCredentials:
		return login{}, usagef("--cluster-creds %s: it is too large for credentials", quote(file))
	case strings.Contains(text, "-----BEGIN NATS USER JWT-----"):
		return login{jwt: true}, nil
	case text == "":
		return login{}, usagef("--cluster-creds %s: it is empty", quote(file))
	case isSeed(text) || strings.Contains(text, "-----BEGIN USER NKEY SEED-----"):
		return login{seed: true}, nil
	case strings.ContainsAny(text, "\r\n"):
		return login{}, usagef("--cluster-creds %s: it has several lines, and is no file of nsc's: NAME:PASSWORD or a token is one line", quote(file))
	}
	if user, password, ok := strings.Cut(text, ":"); ok {
		return login{user: user, password: password}, nil
	}
	return login{token: text}, nil
}

// isSeed knows the seed of a user's nkey: base 32, of one length.
func isSeed(text string) bool {
	return len(text) == 58 && strings.HasPrefix(text, "SU") && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

func loginOf(file string) (nats.Option, error) {
	l, err := readLogin(file)
	switch {
	case err != nil:
		return nil, err
	case l.jwt:
		return nats.UserCredentials(file), nil
	case l.seed:
		o, err := nats.NkeyOptionFromSeed(file)
		if err != nil {
			return nil, usagef("--cluster-creds %s: it is no seed of a user's nkey", quote(file))
		}
		return o, nil
	case l.token != "":
		return nats.TokenHandler(func() string {
			again, err := readLogin(file)
			if err != nil || again.token == "" {
				return l.token
			}
			return again.token
		}), nil
	}
	return nats.UserInfoHandler(func() (string, string) {
		again, err := readLogin(file)
		if err != nil || again.user == "" {
			return l.user, l.password
		}
		return again.user, again.password
	}), nil
}

// checkCA says what is wrong with a file of authorities, before a server does.
func checkCA(file string) error {
	pem, err := os.ReadFile(file)
	if err != nil {
		return ioError(fmt.Errorf("--cluster-ca: %w", err))
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return usagef("--cluster-ca %s: it has no certificate (PEM)", quote(file))
	}
	return nil
}

// stranger reports whether a server's certificate is of an authority that nobody
// trusts here, or of another machine.
func stranger(err error) (text string, is bool) {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	switch {
	case errors.As(err, &unknown):
		return "name the authority of its certificate with --cluster-ca", true
	case errors.As(err, &host):
		return "its certificate is for another name than --cluster has", true
	}
	return "", false
}

// wantsCertificate reports whether a server may have ended the connection since
// nobody showed it a certificate: it says so, but is not always heard.
func wantsCertificate(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error" || errors.Is(err, nats.ErrTLS)
}
