package item

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Format is how a file or standard input is read.
type Format string

const (
	Lines    Format = "lines" // an item a line; empty lines and a carriage return at the end are dropped
	Raw      Format = "raw"   // an item a line, as it is
	Null     Format = "null"  // an item up to each NUL, as it is
	CSV      Format = "csv"   // rows, with a header
	TSV      Format = "tsv"   // rows of what is between tabs, with a header; quotes are text
	JSONL    Format = "jsonl" // a JSON value a line
	Document Format = "json"  // the elements of one JSON array, or the values of one JSON object
)

// Formats are all formats.
var Formats = []Format{Lines, Null, CSV, TSV, JSONL, Document, Raw}

// ParseFormat is the format of that name.
func ParseFormat(name string) (Format, error) {
	if f := Format(name); slices.Contains(Formats, f) {
		return f, nil
	}
	return "", fmt.Errorf("no format is called %q: there are %s", name, formatNames())
}

func formatNames() string {
	names := make([]string, len(Formats))
	for i, f := range Formats {
		names[i] = string(f)
	}
	return strings.Join(names, ", ")
}

// formatOf is the format that a file's name says.
func formatOf(file string) Format {
	switch strings.ToLower(path.Ext(file)) {
	case ".csv":
		return CSV
	case ".tsv":
		return TSV
	case ".jsonl", ".ndjson":
		return JSONL
	case ".json":
		return Document
	}
	return Lines
}
