package request

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"strings"
	"time"
	"unicode/utf8"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// Response is an answer that was read to its end.
type Response struct {
	Status    int
	Reason    string // "404 Not Found"
	Proto     string // "HTTP/1.1"
	Header    Header // without Content-Encoding where gzip was undone
	Body      []byte
	Size      int64  // bytes of the body that were read, more than len(Body) if Truncated
	Truncated bool   // Body is the beginning
	File      string // the body is there instead, below the output folder
	Started   time.Time
	Took      time.Duration // from the first byte of the request to the last that was read
}

// drain is how much of an answer beyond the limit is read to keep its
// connection: opening another one costs about as much.
const drain = 64 << 10

// keep reads the body, into memory or a file; length is what is known of it, or
// negative.
func (c *Client) keep(resp *Response, r *Request, body io.Reader, length int64) error {
	if r.Output != "" && c.opt.OutDir != nil && c.opt.Accepts(resp.Status) {
		n, err := c.opt.OutDir.save(r.Output, body)
		resp.File, resp.Size = r.Output, n
		return err
	}
	limit := c.opt.MaxOutput
	if limit < 0 {
		limit = 1<<63 - 1 - drain
	}
	if length >= 0 && length <= limit && length <= 64<<10 {
		resp.Body = make([]byte, length)
		n, err := io.ReadFull(body, resp.Body)
		resp.Size, resp.Body = int64(n), resp.Body[:n]
		if err == nil || n == 0 && length == 0 {
			_, err = body.Read(make([]byte, 1)) // the end, which gives the connection back
		}
		return notEnd(err)
	}
	b, err := io.ReadAll(io.LimitReader(body, limit))
	resp.Body, resp.Size = b, int64(len(b))
	if err != nil || int64(len(b)) < limit {
		return err
	}
	n, err := io.CopyN(io.Discard, body, drain)
	resp.Size += n
	resp.Truncated = n > 0
	if resp.Truncated {
		resp.Body = wholeRunes(b)
		return nil // what is behind the limit doesn't matter
	}
	return notEnd(err)
}

func notEnd(err error) error {
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// wholeRunes drops a rune that the limit cut, so that text stays text.
func wholeRunes(b []byte) []byte {
	for n := 1; n <= 3 && n <= len(b); n++ {
		if i := len(b) - n; utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return b[:i]
			}
			break
		}
	}
	return b
}

// Fill puts the answer into the record: Body if it is JSON, else Output if it
// is text, else Base64; none of them if it was empty. It sets nothing that an
// attempt's error decides.
func (r *Response) Fill(rec *record.Record) {
	rec.Code, rec.Started, rec.Truncated, rec.File = r.Status, r.Started, r.Truncated, r.File
	rec.MS = float64(r.Took.Microseconds()) / 1000
	switch {
	case len(r.Body) == 0:
	case r.isJSON() && json.Valid(r.Body):
		rec.Body = r.Body
	case utf8.Valid(r.Body):
		s := string(r.Body)
		rec.Output = &s
	default:
		rec.Base64 = r.Body
	}
}

// isJSON goes by the Content-Type; where there is none, by the beginning.
func (r *Response) isJSON() bool {
	if r.Truncated {
		return false
	}
	t := r.Header.Get("Content-Type")
	switch t {
	case "application/json": // nearly always: no parsing
		return true
	case "":
		return r.Body[0] == '{' || r.Body[0] == '['
	}
	media, _, err := mime.ParseMediaType(t)
	return err == nil && (media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json"))
}

// gunzip undoes gzip. It starts with the first Read: an answer may announce
// gzip and be empty.
type gunzip struct {
	from io.Reader
	zip  *gzip.Reader
	err  error
}

func newGunzip(r io.Reader) *gunzip { return &gunzip{from: r} }

func (g *gunzip) Read(p []byte) (int, error) {
	if g.zip == nil && g.err == nil {
		g.zip, g.err = gzip.NewReader(g.from)
		if g.err != nil && !errors.Is(g.err, io.EOF) {
			g.err = errors.Join(errors.New("its gzip is broken"), g.err)
		}
	}
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.zip.Read(p)
	g.err = err
	return n, err
}
