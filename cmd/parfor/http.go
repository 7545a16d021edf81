package main

import (
	"errors"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"parfor.dev/parfor"

	"parfor.dev/parfor/cmd/parfor/internal/loop"
	"parfor.dev/parfor/cmd/parfor/internal/request"
	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// httpWorkers is how many requests run at once unless the user says: others'
// APIs are not ours to hammer.
const httpWorkers = 10

// httpFlags are what the user said of requests.
type httpFlags struct {
	loopFlags
	spec     request.Spec
	options  request.Options
	data     string
	dataJSON string
	expect   []string
	retryOn  string
	outDir   string
	outName  string
	perHost  int
	hostRate rate
	compress bool
}

func httpCommand() *cobra.Command {
	f := &httpFlags{loopFlags: loopFlags{maxOutput: request.DefaultMaxOutput, timeout: request.DefaultTimeout}}
	cmd := &cobra.Command{
		Use:   "http [flags] [METHOD] URL [::: ITEM…]",
		Short: "An HTTP request for each item, its answer kept",
		Long: `An HTTP request for each item: its own method, URL, headers and body, sent once,
and its answer kept. Placeholders as {} and {name} stand for the item and its
fields wherever they are written, and are encoded for where they stand. In
--data-json "{n}" alone in a string keeps the type that the item's field has.

Answers are printed as they come, or in the order of the input with -k. -o keeps
them with status, time and attempts; a run that was interrupted goes on with
--resume. Any status but 2xx is a failed item unless --expect says otherwise.

A request is tried again, with --attempts, where that is safe: POST and PATCH
only if they can't have landed, or with an --idempotency-key.

With --cluster agents send the requests. One is sent again, whatever --attempts
says, if its agent dies: POST and PATCH need --idempotency-key or --retry-on any.
What the flags and items say travels, and lies on the cluster's disks until the
run has ended; --env-header takes values from the agents' environment.`,
		Example: `  parfor http -i 1..500 POST http://127.0.0.1:8080/ --data-json '{"number":"{}"}' -o out.json
  parfor http -i ids.txt GET 'https://api.example/u/{}' --rate 20/s --attempts 5 -o users.jsonl
  parfor http -i orders.csv -H @auth.txt POST 'https://api.example/{region}/orders' \
      --data-json '{"sku":"{sku}","qty":"{qty:int}"}' --key '{order_id}' --idempotency-key '{order_id}' -o orders.db
  parfor http 'https://{}/health' ::: a.example b.example c.example`,
		DisableFlagsInUseLine: true,
		RunE:                  func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.declare(cmd.Flags())
	return cmd
}

// httpTimeout is what --timeout does to a request.
const httpTimeout = "It counts from connecting to the last byte of the answer; the item has timed out unless --attempts are left, and trying again is safe."

func (f *httpFlags) declare(fs *pflag.FlagSet) {
	fs.SortFlags = false
	f.declareInput(fs)
	fs.StringVar(&f.data, "data", "", "body: `TEXT` with placeholders, or @FILE")
	fs.StringVar(&f.dataJSON, "data-json", "", "body: `JSON` with placeholders in its strings, or @FILE")
	fs.StringArrayVar(&f.spec.Form, "form", nil, "body: a field of a form, `NAME=VALUE` (repeatable)")
	fs.StringArrayVar(&f.spec.Multipart, "multipart", nil, "body: a part, `NAME=VALUE` or NAME=@FILE (repeatable)")
	fs.BoolVar(&f.spec.Stdin, "stdin", false, "body: the item itself")
	fs.StringArrayVarP(&f.spec.Headers, "header", "H", nil, "send a `HEADER`, as in 'Name: value', or @FILE with some (repeatable)")
	fs.StringArrayVar(&f.spec.EnvHeaders, "env-header", nil, "send a header from the environment, `NAME=VARIABLE` (repeatable)")
	fs.StringVarP(&f.spec.User, "user", "u", "", "log in as `NAME:PASSWORD`")
	fs.StringVar(&f.spec.IdempotencyKey, "idempotency-key", "", "send `TEMPLATE` as Idempotency-Key: requests that may have landed are tried again, too")
	fs.BoolVar(&f.spec.SameBody, "same-body", false, "send the same request for several items, which is an error else")
	f.declareRunning(fs, strconv.Itoa(httpWorkers), httpTimeout)
	fs.IntVar(&f.perHost, "per-host", 0, "send at most `N` requests to one host at once")
	fs.Var(&f.hostRate, "rate-per-host", "start at most `RATE` requests to one host")
	fs.StringVar(&f.retryOn, "retry-on", "", "try again after `WHAT`: any, connect, or statuses such as 429,5xx (default: what is safe)")
	fs.StringArrayVar(&f.expect, "expect", nil, "take an answer for good by `WHAT`: statuses such as 2xx,404, or a jq expression on its JSON (repeatable; default: 2xx)")
	fs.BoolVar(&f.options.Location, "location", false, "follow redirects, ten at most")
	fs.DurationVar(&f.options.ConnectTimeout, "connect-timeout", request.DefaultConnectTimeout, "give connecting `DUR`, TLS included")
	fs.BoolVar(&f.options.HTTP1, "http1", false, "HTTP/1.1 only")
	fs.BoolVar(&f.options.HTTP2, "http2", false, "HTTP/2 only; with http:// without asking first")
	fs.BoolVar(&f.compress, "compressed", true, "ask for compressed answers")
	fs.StringVar(&f.options.Proxy, "proxy", "", "go through the proxy at `URL`, - for none (default: from the environment)")
	fs.StringVar(&f.options.CACert, "cacert", "", "trust the authorities in `FILE` (PEM)")
	fs.StringVar(&f.options.Cert, "cert", "", "show the certificate in `FILE` (PEM)")
	fs.StringVar(&f.options.Key, "cert-key", "", "the key of that is in `FILE` (PEM)")
	fs.BoolVar(&f.options.Insecure, "insecure", false, "accept any certificate")
	f.declareResults(fs)
	fs.StringVar(&f.outDir, "output-dir", "", "write each answer to a file of its own below `DIR`")
	fs.StringVar(&f.outName, "output-name", "", "call it `TEMPLATE` there (default: the key)")
}

func (f *httpFlags) run(cmd *cobra.Command, args []string) error {
	said := wereSaid(cmd.Flags())
	if err := fromEnvironment(cmd.Flags(), ""); err != nil {
		return err
	}
	if err := f.check(said); err != nil {
		return err
	}
	if err := f.checkCluster(said); err != nil {
		return err
	}
	args, lists := cutLists(args)
	if err := f.target(args); err != nil {
		return err
	}
	s, err := openSession(cmd, &f.loopFlags, lists, false)
	if errors.Is(err, errNoSource) && len(args) == 0 {
		return helpFor(cmd)
	}
	if err != nil {
		return err
	}
	defer s.close()
	b, err := f.prepare(s, said)
	if err != nil {
		return err
	}
	defer b.close()
	return s.run(b)
}

// target takes [METHOD] URL.
func (f *httpFlags) target(args []string) error {
	switch len(args) {
	case 0:
		return usagef("no URL: write parfor http [METHOD] URL")
	case 1:
		f.spec.URL = args[0]
	case 2:
		f.spec.Method, f.spec.URL = args[0], args[1]
		if strings.Trim(args[0], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-") != "" && !strings.Contains(args[0], "{") {
			return usagef("%q before the URL is no method, such as POST", args[0])
		}
	default:
		if _, err := os.Stat(args[0]); err == nil {
			return usagef("%q and %q before the URL: was that a pattern that the shell filled in? Items stand after :::", args[0], args[1])
		}
		return usagef("%q is too much after [METHOD] URL: items stand after :::", args[2])
	}
	return nil
}

func (f *httpFlags) prepare(s *session, said func(string) bool) (b *httpBody, err error) {
	b = &httpBody{s: s, latency: request.NewLatency(), pace: pace{perSecond: float64(f.rate)}}
	spec, opt := f.spec, f.options
	if said("data") {
		spec.Data = &f.data
	}
	if said("data-json") {
		spec.DataJSON = &f.dataJSON
	}
	spec.Items, spec.Getenv, spec.Output = -1, os.LookupEnv, f.outName
	if f.cluster.where != "" {
		spec.Getenv, b.env = elsewhere, f.envHeaders()
	}
	if n, known := s.source.Total(); known {
		spec.Items = n
	}
	spec.Parse = func(text string) (template.Template, error) {
		return template.Parse(text, s.source.Schema(), f.marker)
	}
	if b.expect, err = request.ParseExpect(f.expect); err != nil {
		return nil, usagef("--expect: %w", err)
	}
	if b.retry, err = request.ParseRetryOn(f.retryOn); err != nil {
		return nil, usagef("--retry-on: %w", err)
	}
	if f.outDir != "" {
		if b.expect.ReadsBody() {
			return nil, usagef("--expect with a jq expression needs the answer in memory, --output-dir sends it to a file: choose one")
		}
		if b.dir, err = request.OpenOutDir(f.outDir); err != nil {
			return nil, ioError(err)
		}
		opt.OutDir, opt.Accepts = b.dir, b.expect.Status
	} else if f.outName != "" {
		return nil, usagef("--output-name is about --output-dir: give that, too")
	}
	if b.plan, err = request.Compile(spec); err != nil {
		b.close()
		return nil, usagef("%w", err)
	}
	opt.Workers, opt.Timeout, opt.Uncompressed, opt.MaxOutput = s.workersOr(httpWorkers), f.timeout, !f.compress, int64(f.maxOutput)
	if f.timeout == 0 {
		opt.Timeout = -1
	}
	b.sends = agentOptions(opt)
	if b.client, err = request.NewClient(opt); err != nil {
		b.close()
		return nil, usagef("%w", err)
	}
	for _, w := range b.client.Warnings() {
		s.warn(w)
	}
	if f.cluster.where != "" {
		if err := b.checkRepeats(); err != nil {
			b.close()
			return nil, err
		}
	}
	b.limits = f.limits()
	return b, nil
}

// limits are those of single hosts.
func (f *httpFlags) limits() []parfor.Option {
	if f.perHost == 0 && f.hostRate == 0 {
		return nil
	}
	host := func(w *loop.Work) string {
		if r, ok := w.Data.(*sending); ok {
			return hostOf(r.URL())
		}
		return ""
	}
	return []parfor.Option{parfor.LimitBy(host, parfor.Limit{Rate: float64(f.hostRate), InFlight: f.perHost})}
}
