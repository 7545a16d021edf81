package request

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
)

type proxyFunc func(*http.Request) (*url.URL, error)

// proxyOf is --proxy, else HTTP_PROXY, HTTPS_PROXY and NO_PROXY, which never
// apply to localhost.
func proxyOf(flag string) (proxyFunc, error) {
	switch flag {
	case "":
		return http.ProxyFromEnvironment, nil
	case "-":
		return nil, nil
	}
	u, err := url.Parse(flag)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("--proxy %s: write a URL such as http://proxy:3128, or - for none", quote(flag))
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return http.ProxyURL(u), nil
	}
	return nil, fmt.Errorf("--proxy: %s:// is not supported, only http, https, socks5 and socks5h", u.Scheme)
}

func (o *Options) tls() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.Insecure}
	if o.CACert != "" {
		pem, err := os.ReadFile(o.CACert)
		if err != nil {
			return nil, inFlag("--cacert", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--cacert %s: no certificate in PEM form is in it", o.CACert)
		}
	}
	if o.Cert != "" {
		pair, err := tls.LoadX509KeyPair(o.Cert, o.Key)
		if err != nil {
			return nil, inFlag("--cert and --key", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// Warnings are what the user should know before anything is sent.
func (c *Client) Warnings() []string {
	if c.opt.Insecure {
		return []string{"--insecure: certificates are not checked, so anybody in between can read and change what is sent"}
	}
	return nil
}
