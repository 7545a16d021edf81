package request

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// multipartBody is fields and files. Files are read while they are sent, so
// that none is in memory.
type multipartBody struct {
	fields   []field
	boundary string
}

type field struct {
	name  template.Template
	value template.Template // or the file's path
	file  bool
	typ   string
}

func (s *Spec) compileMultipart() (*multipartBody, error) {
	b := &multipartBody{boundary: "parfor-" + rand.Text()}
	for _, m := range s.Multipart {
		var typ string
		if i := strings.LastIndex(m, ";type="); i >= 0 && strings.Contains(m, "=@") {
			m, typ = m[:i], m[i+len(";type="):]
			if err := checkHeaderValue("Content-Type", typ); err != nil {
				return nil, inFlag("--multipart", err)
			}
		}
		name, value, ok := strings.Cut(m, "=")
		path, file := strings.CutPrefix(value, "@")
		if !ok || name == "" || file && path == "" {
			return nil, fmt.Errorf("--multipart %s: write name=value or name=@file", quote(m))
		}
		p, err := s.parsePair("--multipart", name+"="+path)
		if err != nil {
			return nil, err
		}
		if fixedPath, ok := fixed(p.value); ok && file {
			if _, err := fileOf(fixedPath); err != nil {
				return nil, inFlag("--multipart", err)
			}
		}
		b.fields = append(b.fields, field{p.name, p.value, file, typ})
	}
	return b, nil
}

func (b *multipartBody) varies() bool {
	for _, f := range b.fields {
		_, sameName := fixed(f.name)
		_, sameValue := fixed(f.value)
		if !sameName || !sameValue {
			return true
		}
	}
	return false
}

func (b *multipartBody) render(f Filler, r *Request) error {
	var parts []piece
	var notes []func(*hasher)
	for _, m := range b.fields {
		name, err := text(f, m.name)
		if err != nil {
			return inFlag("--multipart", err)
		}
		value, err := text(f, m.value)
		if err != nil {
			return inFlag("--multipart", err)
		}
		head := fmt.Sprintf("--%s\r\nContent-Disposition: form-data; name=\"%s\"", b.boundary, inQuotes(name))
		notes = append(notes, func(h *hasher) { h.add(name) })
		if !m.file {
			parts = append(parts, piece{bytes: []byte(head + "\r\n\r\n" + value + "\r\n")})
			notes = append(notes, func(h *hasher) { h.add(value) })
			continue
		}
		file, err := fileOf(value)
		if err != nil {
			return inFlag("--multipart", err)
		}
		typ := m.typ
		if typ == "" {
			typ = typeOf(value)
		}
		head += fmt.Sprintf("; filename=\"%s\"\r\nContent-Type: %s\r\n\r\n", inQuotes(filepath.Base(value)), typ)
		parts = append(parts, piece{bytes: []byte(head)}, file, piece{bytes: []byte("\r\n")})
		notes = append(notes, file.note)
	}
	parts = append(parts, piece{bytes: []byte("--" + b.boundary + "--\r\n")})
	r.payload = joined(parts)
	r.payload.note = func(h *hasher) {
		for _, n := range notes {
			n(h)
		}
	}
	r.setType("multipart/form-data; boundary=" + b.boundary)
	return nil
}

// inQuotes escapes a name the way browsers do.
func inQuotes(s string) string {
	return strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A").Replace(s)
}

// piece is bytes, or a file.
type piece struct {
	bytes []byte
	path  string
	size  int64
	mtime time.Time
}

// fileOf looks a file up.
func fileOf(path string) (piece, error) {
	info, err := os.Stat(path)
	if err != nil {
		return piece{}, err
	}
	if !info.Mode().IsRegular() {
		return piece{}, fmt.Errorf("%s is not a regular file", path)
	}
	return piece{path: path, size: info.Size(), mtime: info.ModTime()}, nil
}

// openFile opens it anew for each attempt; what it yields has the size that
// was announced, or an error.
func (p piece) openFile() (io.ReadCloser, error) {
	f, err := os.Open(p.path)
	if err != nil {
		return nil, errLocal{err}
	}
	info, err := f.Stat()
	if err == nil && info.Size() != p.size {
		err = fmt.Errorf("%s has %d bytes now and had %d", p.path, info.Size(), p.size)
	}
	if err != nil {
		f.Close()
		return nil, errLocal{err}
	}
	return f, nil
}

// note stands for the file's content, which is not read twice for it.
func (p piece) note(h *hasher) {
	h.add(p.path)
	h.add(fmt.Sprint(p.size, p.mtime.UnixNano()))
}

func joined(parts []piece) payload {
	p := payload{}
	for _, part := range parts {
		p.size += int64(len(part.bytes)) + part.size
	}
	p.open = func() (io.ReadCloser, error) {
		var all multiFile
		var readers []io.Reader
		for _, part := range parts {
			if part.path == "" {
				readers = append(readers, bytes.NewReader(part.bytes))
				continue
			}
			f, err := part.openFile()
			if err != nil {
				all.Close()
				return nil, err
			}
			all.files = append(all.files, f)
			readers = append(readers, f)
		}
		all.Reader = io.MultiReader(readers...)
		return &all, nil
	}
	return p
}

type multiFile struct {
	io.Reader
	files []io.Closer
}

func (m *multiFile) Close() error {
	for _, f := range m.files {
		f.Close()
	}
	return nil
}
