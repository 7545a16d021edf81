package request

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var discardLog = log.New(io.Discard, "", 0)

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestRedirects(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/end":
			fmt.Fprint(w, r.Method, r.Header.Get("Authorization"))
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		default:
			http.Redirect(w, r, "/end", http.StatusTemporaryRedirect)
		}
	})
	r := prepare(t, Spec{URL: s.URL + "/{}", Stdin: true, Headers: []string{"Authorization: t"}}, whole("start"))
	resp, err := newTestClient(t, Options{}, false).Do(t.Context(), r)
	if err != nil || resp.Status != 307 {
		t.Fatal(resp, err)
	}
	expect, _ := ParseExpect(nil)
	fails(t, expect.Check(resp), `expected status 2xx, got 307 Temporary Redirect to "/end": --location follows`)
	following := newTestClient(t, Options{Location: true}, false)
	if resp, err = following.Do(t.Context(), r); err != nil || string(resp.Body) != "POSTt" {
		t.Errorf("%s, %v", resp.Body, err)
	}
	_, err = following.Do(t.Context(), method(t, "GET", s.URL+"/loop"))
	fails(t, err, "stopped after 10 redirects")
}

// A streamed body is sent anew for each attempt and each redirect.
func TestFilesStream(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f.bin")
	content := strings.Repeat("0123456789", 20_000)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	var lengths []int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			_, _ = io.Copy(io.Discard, r.Body)
			http.Redirect(w, r, "/end", http.StatusTemporaryRedirect)
			return
		}
		lengths = append(lengths, r.ContentLength)
		f, _, err := r.FormFile("f")
		if err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		b, _ := io.ReadAll(f)
		fmt.Fprint(w, string(b) == content)
	})
	client := newTestClient(t, Options{Location: true}, false)
	r := prepare(t, Spec{URL: s.URL, Multipart: []string{"f=@" + file, "id={}"}}, whole("1"))
	for range 2 {
		resp, err := client.Do(t.Context(), r)
		if err != nil || string(resp.Body) != "true" {
			t.Fatalf("%s %v", resp.Body, err)
		}
	}
	if len(lengths) != 2 || lengths[0] != r.payload.length() || lengths[1] != lengths[0] {
		t.Errorf("lengths %v, want %d", lengths, r.payload.length())
	}
	if err := os.WriteFile(file, []byte("shorter"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := client.Do(t.Context(), r)
	fails(t, err, "has 7 bytes now and had 200000")
	var f *Failure
	if !errors.As(err, &f) || f.Stage != Local {
		t.Errorf("%#v", err)
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Proto, len(r.TLS.PeerCertificates))
	}))
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	s.Config.ErrorLog = discardLog
	s.StartTLS()
	defer s.Close()
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	writePEM(t, ca, "CERTIFICATE", s.Certificate().Raw)
	cert, key := clientCertificate(t, dir)
	for _, c := range []struct {
		options Options
		want    string
	}{
		{Options{CACert: ca}, "HTTP/2.00"},
		{Options{CACert: ca, HTTP1: true}, "HTTP/1.10"},
		{Options{CACert: ca, HTTP2: true}, "HTTP/2.00"},
		{Options{Insecure: true, Cert: cert, Key: key}, "HTTP/2.01"},
	} {
		client := newTestClient(t, c.options, false)
		resp, err := client.Do(t.Context(), post(t, s.URL))
		if err != nil || string(resp.Body) != c.want {
			t.Errorf("%+v: %v, %v", c.options, resp, err)
		}
		if (len(client.Warnings()) > 0) != c.options.Insecure {
			t.Errorf("warnings %q", client.Warnings())
		}
	}
}

func writePEM(t *testing.T, path, kind string, raw []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func clientCertificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "me"}, NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	writePEM(t, cert, "CERTIFICATE", raw)
	writePEM(t, key, "PRIVATE KEY", pkcs8)
	return cert, key
}

func TestHTTP2WithoutTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) }))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	defer s.Close()
	for _, c := range []struct {
		o    Options
		want string
	}{{Options{HTTP2: true}, "HTTP/2.0"}, {Options{}, "HTTP/1.1"}, {Options{Standard: true}, "HTTP/1.1"}} {
		resp, err := newTestClient(t, c.o, c.o.Standard).Do(t.Context(), post(t, s.URL))
		if err != nil || string(resp.Body) != c.want {
			t.Errorf("%+v: %v, %v", c.o, resp, err)
		}
	}
}

// An HTTP/2 server that says it did nothing: GOAWAY before the stream, and a
// refused stream.
func TestHTTP2Unhandled(t *testing.T) {
	for name, c := range map[string]struct {
		frame func(stream uint32) []byte
		safe  bool
	}{
		"GOAWAY":         {func(uint32) []byte { return frame(7, 0, make([]byte, 8)) }, true},
		"refused":        {func(id uint32) []byte { return frame(3, id, []byte{0, 0, 0, 7}) }, true},
		"internal error": {func(id uint32) []byte { return frame(3, id, []byte{0, 0, 0, 2}) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := serveRaw(t, func(conn *rawConn) {
				if _, err := conn.in.Discard(24); err != nil { // the preface
					return
				}
				_, _ = conn.Write(frame(4, 0, nil))
				for {
					head := make([]byte, 9)
					if _, err := io.ReadFull(conn.in, head); err != nil {
						return
					}
					_, _ = conn.in.Discard(int(binary.BigEndian.Uint32(head) >> 8))
					if head[3] == 1 {
						conn.server.reqs.Add(1)
						_, _ = conn.Write(c.frame(binary.BigEndian.Uint32(head[5:])))
					}
				}
			})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			client := newTestClient(t, Options{HTTP2: true, Timeout: 200 * time.Millisecond}, true)
			r := post(t, s.url)
			_, err := client.Do(ctx, r)
			var f *Failure
			if !errors.As(err, &f) {
				t.Fatalf("%#v", err)
			}
			if f.Timeout > 0 && s.reqs.Load() > 1 {
				return // net/http was sending it again, as it may
			}
			if again, _ := (Retry{}).Again(r, err, nil); again != c.safe {
				t.Errorf("%v, %#v: again %v", err, f, again)
			}
		})
	}
}

func frame(kind byte, stream uint32, payload []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	b = append(b, 0)
	b = binary.BigEndian.AppendUint32(b, stream)
	return append(b, payload...)
}

func TestProxy(t *testing.T) {
	var asked atomic.Value
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.RequestURI)
		fmt.Fprint(w, "by proxy")
	})
	client := newTestClient(t, Options{Proxy: proxy.URL}, false)
	resp, err := client.Do(t.Context(), method(t, "GET", "http://example.invalid/x"))
	if err != nil || string(resp.Body) != "by proxy" || asked.Load() != "http://example.invalid/x" {
		t.Errorf("%v %v, asked %v", resp, err, asked.Load())
	}
	for _, bad := range []string{"proxy:3128", "ftp://h", "http://"} {
		if _, err := NewClient(Options{Proxy: bad}); err == nil {
			t.Errorf("--proxy %s is taken", bad)
		}
	}
}

// What the environment says counts, and not for localhost.
func TestProxyDecision(t *testing.T) {
	c := newTestClient(t, Options{}, false)
	c.noProxy = false
	c.transport.Proxy = func(r *http.Request) (*url.URL, error) {
		if r.URL.Host == "api.test" {
			return url.Parse("http://proxy:1")
		}
		return nil, nil
	}
	for u, plain := range map[string]bool{
		"http://api.test/": false, "http://other.test/": true, "https://other.test/": false,
	} {
		for range 2 {
			if c.isPlain(post(t, u)) != plain {
				t.Errorf("%s: plain %v", u, !plain)
			}
		}
	}
}

func TestExpectContinue(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body) // net/http says 100 Continue here
		fmt.Fprint(w, r.Header.Get("Expect"), string(b))
	})
	r := prepare(t, Spec{URL: s.URL, Stdin: true, Headers: []string{"Expect: 100-continue"}}, whole("x"))
	resp, err := newTestClient(t, Options{}, false).Do(t.Context(), r)
	if err != nil || string(resp.Body) != "100-continuex" {
		t.Errorf("%v %v", resp, err)
	}
}

func TestOptionsRefused(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{HTTP1: true, HTTP2: true}, "exclude each other"},
		{Options{Cert: "x"}, "belong together"},
		{Options{Cert: "/none", Key: "/none"}, "--cert and --key"},
		{Options{CACert: "/none"}, "--cacert"},
		{Options{CACert: os.DevNull}, "no certificate"},
	} {
		_, err := NewClient(c.o)
		fails(t, err, c.want)
	}
}

func TestConnectTimeout(t *testing.T) {
	paths(t, func(t *testing.T, standard bool) {
		client := newTestClient(t, Options{ConnectTimeout: 20 * time.Millisecond}, standard)
		slow := func(ctx context.Context, network, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			defer cancel()
			<-ctx.Done()
			return nil, &net.OpError{Op: "dial", Net: network, Err: os.ErrDeadlineExceeded}
		}
		client.transport.DialContext, client.wire.dial = slow, slow
		_, err := client.Do(t.Context(), post(t, "http://127.0.0.1:9/"))
		fails(t, err, "no connection to 127.0.0.1:9 after 20ms")
		if again, _ := (Retry{}).Again(&Request{Method: "POST"}, err, nil); !again {
			t.Error("it is safe to try again")
		}
	})
}
