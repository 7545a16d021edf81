//go:build !nodb

package results

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// hasDB says that databases can be read and written.
const hasDB = true

const schema = `
CREATE TABLE results (
  key TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  status TEXT NOT NULL,
  task TEXT NOT NULL,
  code INTEGER NOT NULL,
  body TEXT,
  output TEXT,
  output_base64 TEXT,
  output_file TEXT,
  stderr TEXT,
  error TEXT,
  attempts INTEGER NOT NULL,
  started TEXT,
  ms REAL NOT NULL,
  worker INTEGER NOT NULL,
  truncated INTEGER NOT NULL
);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);`

// openDB opens a database. Paths may have any characters.
func openDB(path, query string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	slash := filepath.ToSlash(abs)
	if !strings.HasPrefix(slash, "/") {
		slash = "/" + slash // C:/…
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: slash, RawQuery: query}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// writeDB writes a new database at path, which nobody else has seen yet: so it
// needs no journal of its own.
func writeDB(path string, o Options, all entrySeq) (err error) {
	db, err := openDB(path, "_pragma=journal_mode(off)&_pragma=synchronous(off)&_pragma=locking_mode(exclusive)")
	if err != nil {
		return err
	}
	defer func() {
		if e := db.Close(); err == nil {
			err = e
		}
	}()
	if _, err := db.Exec(schema); err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, m := range [][2]string{{"format", fmt.Sprint(version)}, {"template", o.Fingerprint}, {"build", o.Build},
		{"finished", time.Now().UTC().Format(time.RFC3339)}} {
		if _, err := tx.Exec("INSERT INTO meta VALUES (?, ?)", m[0], m[1]); err != nil {
			return err
		}
	}
	sink := dbSink{tx: tx}
	defer sink.end()
	if err := fill(&sink, all); err != nil {
		return err
	}
	return tx.Commit()
}

// rowsEach are inserted by one statement: what a statement costs is most of it.
const rowsEach = 50

// dbSink inserts rows.
type dbSink struct {
	tx   *sql.Tx
	many *sql.Stmt // of rowsEach rows, once there are so many
	args []any     // of rows that wait
}

func (s *dbSink) put(e *entry) error {
	r, err := e.record()
	if err != nil {
		return err
	}
	var output, started any
	if r.Output != nil {
		output = *r.Output
	}
	if !r.Started.IsZero() {
		started = r.Started.Format(time.RFC3339Nano)
	}
	s.args = append(s.args, r.Key, r.Seq, string(r.Status), r.Task, r.Code, orNull(string(r.Body)), output,
		orNull(base64.StdEncoding.EncodeToString(r.Base64)), orNull(r.File), orNull(r.Stderr), orNull(r.Error),
		r.Attempts, started, r.MS, r.Worker, r.Truncated)
	if len(s.args) < rowsEach*len(columns) {
		return nil
	}
	if s.many == nil {
		if s.many, err = s.tx.Prepare(insertRows(rowsEach)); err != nil {
			return err
		}
	}
	_, err = s.many.Exec(s.args...)
	s.args = s.args[:0]
	return err
}

func (s *dbSink) close() error {
	if len(s.args) == 0 {
		return nil
	}
	_, err := s.tx.Exec(insertRows(len(s.args)/len(columns)), s.args...)
	return err
}

func (s *dbSink) end() {
	if s.many != nil {
		s.many.Close()
	}
}

func insertRows(n int) string {
	row := "(?" + strings.Repeat(", ?", len(columns)-1) + ")"
	return "INSERT INTO results VALUES " + row + strings.Repeat(", "+row, n-1)
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// readDB goes over the records of a database, in the order they were put in.
func readDB(path string, yield func(record.Record, error) bool) {
	fail := func(err error) { yield(record.Record{}, fmt.Errorf("%s: %w", path, err)) }
	db, err := openToRead(path)
	if err != nil {
		fail(err)
		return
	}
	defer db.Close()
	rows, err := db.Query("SELECT " + strings.Join(columns, ", ") + " FROM results ORDER BY rowid")
	if err != nil {
		fail(err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		rec, err := scanRow(rows)
		if err != nil {
			fail(err)
			return
		}
		if !yield(rec, nil) {
			return
		}
	}
	if err := rows.Err(); err != nil {
		fail(err)
	}
}

// openToRead makes no file where there is none.
func openToRead(path string) (*sql.DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	return openDB(path, "mode=ro")
}

func scanRow(rows *sql.Rows) (r record.Record, err error) {
	var body, output, encoded, file, stderr, text, started sql.NullString
	if err := rows.Scan(&r.Key, &r.Seq, &r.Status, &r.Task, &r.Code, &body, &output, &encoded, &file, &stderr, &text,
		&r.Attempts, &started, &r.MS, &r.Worker, &r.Truncated); err != nil {
		return r, err
	}
	if body.String != "" {
		if !json.Valid([]byte(body.String)) {
			return r, fmt.Errorf("key %q: its body is no JSON", r.Key)
		}
		r.Body = json.RawMessage(body.String)
	}
	if output.Valid {
		r.Output = &output.String
	}
	if encoded.String != "" {
		if r.Base64, err = base64.StdEncoding.DecodeString(encoded.String); err != nil {
			return r, fmt.Errorf("key %q: %w", r.Key, err)
		}
	}
	r.File, r.Stderr, r.Error = file.String, stderr.String, text.String
	if started.String != "" {
		if r.Started, err = time.Parse(time.RFC3339Nano, started.String); err != nil {
			return r, fmt.Errorf("key %q: %w", r.Key, err)
		}
	}
	return r, nil
}

// templateOfDB is the template whose results a database has, if that is known.
func templateOfDB(path string) (template string, known bool, err error) {
	db, err := openToRead(path)
	if err != nil {
		return "", false, err
	}
	defer db.Close()
	err = db.QueryRowContext(context.Background(), "SELECT value FROM meta WHERE name = 'template'").Scan(&template)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("%s: %w", path, err)
	}
	return template, true, nil
}
