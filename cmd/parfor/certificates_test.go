package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	integer "math/big"
	random "math/rand/v2"
	"net"
	"os"
	"time"
)

// authority makes one, in two files.
func authority(cert, key string) error {
	c := certificate()
	c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign
	return issue(c, cert, key, nil)
}

// signed makes a certificate of an authority's for this machine, in name.pem and
// name.key.
func signed(name, caCert, caKey string) error {
	ca, err := tls.LoadX509KeyPair(caCert, caKey)
	if err != nil {
		return err
	}
	c := certificate()
	c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	return issue(c, name+".pem", name+".key", &ca)
}

func certificate() *x509.Certificate {
	serial := new(integer.Int).SetUint64(random.Uint64())
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "parfor test " + serial.String()},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature}
}

// issue signs a certificate, by itself if there is no authority.
func issue(c *x509.Certificate, cert, key string, by *tls.Certificate) error {
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	parent, signer := c, any(own)
	if by != nil {
		parent, signer = by.Leaf, by.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, own.Public(), signer)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		return err
	}
	if err := os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return err
	}
	return os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)
}
