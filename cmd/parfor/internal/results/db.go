package results

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver sqlite

	"parfor.dev/parfor/internal/syncdir"
)

const tables = `
create table results (
	key text primary key, seq integer, status text, code integer,
	output text, output_base64 text, output_file text, body text, stderr text, error text,
	attempts integer, started text, ms real, worker integer, truncated integer, task text
) without rowid;
create table meta (name text primary key, value text);
create index results_by_status on results (status, seq);`

// writeDB writes a SQLite database beside the file and moves it there.
func (r *Results) writeDB(file string) (err error) {
	temp := filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".tmp")
	os.Remove(temp) //nolint:errcheck // of a run that was killed here
	defer func() {
		if err != nil {
			os.Remove(temp) //nolint:errcheck // the error tells enough
		}
	}()
	if err := r.fillDB(temp); err != nil {
		return err
	}
	if err := syncFile(temp); err != nil {
		return err
	}
	if err := os.Rename(temp, file); err != nil {
		return err
	}
	return syncdir.Sync(filepath.Dir(file))
}

func (r *Results) fillDB(file string) (err error) {
	db, err := sql.Open("sqlite", "file:"+escape(file)+"?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(tables); err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	if err := r.insert(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (r *Results) insert(tx *sql.Tx) error {
	if _, err := tx.Exec("insert into meta values ('template', ?), ('build', ?)", r.Template, r.Build); err != nil {
		return err
	}
	add, err := tx.Prepare("insert into results values (" + strings.Repeat("?,", len(Columns)-1) + "?)")
	if err != nil {
		return err
	}
	defer add.Close() //nolint:errcheck // the transaction tells
	return r.each(func(_ []byte, k Kept) error {
		values := make([]any, len(Columns))
		for i, text := range Row(k) {
			if text != "" || Columns[i] == "key" {
				values[i] = text
			}
		}
		values[14] = k.Truncated
		if k.Output != nil {
			values[4] = *k.Output
		}
		_, err := add.Exec(values...)
		return err
	})
}

func readDB(file string, f func(string, Kept) error) (err error) {
	db, err := sql.Open("sqlite", "file:"+escape(file)+"?mode=ro")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	template := ""
	if err := db.QueryRow("select value from meta where name = 'template'").Scan(&template); err != nil {
		return errors.Join(errNoResults, err)
	}
	rows, err := db.Query("select " + strings.Join(Columns, ",") + " from results order by seq")
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	texts, into := make([]sql.NullString, len(Columns)), make([]any, len(Columns))
	for i := range texts {
		into[i] = &texts[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		row := make([]string, len(Columns))
		for i, t := range texts {
			row[i] = t.String
		}
		if row[14] == "1" {
			row[14] = "true"
		}
		k, err := ofRow(Columns, row)
		if err != nil {
			return fmt.Errorf("%s: %w", row[0], err)
		}
		if err := f(template, k); err != nil {
			return err
		}
	}
	return rows.Err()
}

// escape is a path in a URI.
func escape(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
