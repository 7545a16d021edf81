package main

import (
	"maps"
	"sync"
)

// foreign are the words that other programs have for what a command can do,
// and ours for it. People's fingers know xargs, parallel, curl, hey, ab, wrk
// and hyperfine. The tables are made when somebody's fingers slip: no start of
// the command waits for them.
var foreign = sync.OnceValue(func() map[string]map[string]string {
	return map[string]map[string]string{
		"run":  joined(foreignLoop(), foreignRun()),
		"http": joined(foreignLoop(), foreignHTTP()),
		"compare": {
			"P": "-j", "max-procs": "-j", "jobs": "-j", "c": "-j", "concurrency": "-j", "threads": "-j", "t": "-j", "max-workers": "-j",
			"n": "--sizes", "requests": "--sizes", "N": "--sizes", "number": "--sizes",
			"z": "--budget", "duration": "--budget", "time": "--budget", "timeout": "--budget",
			"r": "--runs", "m": "--runs", "min-runs": "--runs", "M": "--runs", "max-runs": "--runs", "repeat": "--runs",
			"export-json": "-o FILE.json", "export-csv": "-o FILE.csv", "json": "-o FILE.json", "csv": "-o FILE.csv",
			"html": "-o FILE.html", "svg": "-o FILE.svg", "delay": "--latency",
			"X": oneBody, "request": oneBody, "d": oneBody, "data": oneBody, "H": oneBody, "header": oneBody, "u": oneBody, "user": oneBody,
			"F": oneBody, "form": oneBody,
		},
		"plot": {
			"log-x": logAxes, "log-y": logAxes, "log": logAxes, "logscale": logAxes, "loglog": logAxes, "log-time": logAxes,
			"lin": "--linear", "linear-x": "--linear", "linear-y": "--linear", "no-log": "--linear",
			"rps": "--metric throughput", "qps": "--metric throughput", "throughput": "--metric throughput", "rate": "--metric throughput", "y": "--metric time|throughput",
			"export-csv": "-o FILE.csv", "csv": "-o FILE.csv", "html": "-o FILE.html", "svg": "-o FILE.svg", "out": "-o", "file": "-o",
			"png": "-o FILE.svg (browsers and rsvg-convert make a picture of it)",
			"w":   "--width", "columns": "--width", "size": "--width",
		},
		"mock": {
			"p": "--addr 127.0.0.1:PORT", "port": "--addr 127.0.0.1:PORT", "listen": "--addr", "host": "--addr", "bind": "--addr",
			"delay": "--latency", "rate": "--rate-limit", "qps": "--rate-limit", "q": "--rate-limit",
		},
		"show": {
			"f": "--failed", "errors": "--failed", "joblog": "FILE, the one that -o wrote", "results": "FILE, the one that -o wrote",
			"resume-failed": "the same parfor run once more, resumed: it runs what failed", "retry-failed": "the same parfor run once more, resumed: it runs what failed",
		},
	}
})

// unneeded are words for what is done without being asked, and for what is not
// done at all: each with a sentence that says so and what to do instead.
var unneeded = sync.OnceValue(func() map[string]map[string]string {
	return map[string]map[string]string{
		"run":  joined(unneededLoop(), unneededRun()),
		"http": joined(unneededLoop(), unneededHTTP()),
	}
})

// oneBody answers the flags of curl.
const oneBody = `-- curl -sS … -d '{"number":{}}' URL to run curl for each item (without --, each request is a POST of {"number": n})`

// foreignLoop is about items, whatever is done with them.
func foreignLoop() map[string]string {
	return map[string]string{
		"P": "-j", "max-procs": "-j", "jobs": "-j", "c": "-j", "concurrency": "-j", "threads": "-j", "connections": "-j", "parallel": "-j",
		"a": "-i FILE", "arg-file": "-i FILE", "0": "--format null", "null": "--format null",
		"r": "--allow-empty", "no-run-if-empty": "--allow-empty",
		"link": "--zip", "xapply": "--zip", "replace": "-I",
		"C": "--format csv, or tsv: {1} and {2} are its columns", "colsep": "--format csv, or tsv: {1} and {2} are its columns", "csv": "--format csv",
		"delay": "--rate, as in 2/s for one every 500ms", "retries": "--attempts, which counts the first one too",
		"retry": "--attempts, which counts the first one too: 4 for --retry 3", "retry-delay": "--backoff",
		"halt": "--fail-fast, or --max-failures N or N%", "halt-on-error": "--fail-fast, or --max-failures N or N%", "exit-on-error": "--fail-fast",
		"joblog": "-o FILE.csv", "results": "-o FILE.json", "log": "-o FILE.csv", "out": "-o", "resume-failed": "--resume, which runs what failed, too", "continue": "--resume",
		"bar": "--progress tty", "eta": "--progress tty", "no-progress": "--progress none",
		"dryrun": "--dry-run", "duration": "--deadline", "z": "--deadline",
		"v": "-n to see what would run", "verbose": "-n to see what would run",
	}
}

func foreignRun() map[string]string {
	return map[string]string{
		"t": "-n to see what would run", "l": "-n to see what would run", "p": "-n to see what would run", "interactive": "-n to see what would run",
		"u": "--stream", "line-buffer": "--stream", "linebuffer": "--stream", "lb": "--stream", "ungroup": "--stream", "d": "--format null; for other separators: tr , '\\n' < FILE | parfor run …", "delimiter": "--format null; for other separators: tr , '\\n' < FILE | parfor run …",
		"pipe": "--stdin, which gives each item to a command of its own, or --lines, which gives them to one that stays",
		"wd":   "--chdir", "workdir": "--chdir", "termseq": "--grace", "kill-after": "--grace",
		"header": "-i FILE.csv: its first row is the header, and {name} a column",
	}
}

// foreignHTTP has curl's words, and those of hey, ab, wrk and oha.
func foreignHTTP() map[string]string {
	return map[string]string{
		"X": "the method before the URL: parfor http PUT URL", "request": "the method before the URL: parfor http PUT URL",
		"m": "the method before the URL: parfor http PUT URL; a time is --timeout", "method": "the method before the URL: parfor http PUT URL",
		"G": "GET before the URL, and fields in it: 'URL?q={}'", "get": "GET before the URL, and fields in it: 'URL?q={}'", "head": "HEAD before the URL",
		"url": "the URL without a flag",
		"d":   "--data, or --data-json", "data-raw": "--data, or --data-json", "data-binary": "--data @FILE", "data-ascii": "--data", "body": "--data, or --data-json",
		"D": "--data @FILE; with curl that was --dump-header, and -o FILE.json keeps what matters", "data-urlencode": "--form NAME=VALUE",
		"F": "--multipart NAME=@FILE", "form-string": "--multipart NAME=VALUE", "upload-file": "PUT before the URL, and --data @FILE",
		"T": "-H 'Content-Type: TYPE'; with curl that was --upload-file: PUT URL --data @FILE",
		"A": "-H 'User-Agent: …'", "user-agent": "-H 'User-Agent: …'", "e": "-H 'Referer: …'", "referer": "-H 'Referer: …'",
		"b": "-H 'Cookie: …'", "cookie": "-H 'Cookie: …'", "oauth2-bearer": "--env-header Authorization=VARIABLE",
		"L": "--location", "follow": "--location", "K": "-H @FILE for headers", "config": "-H @FILE for headers",
		"E": "--cert FILE", "x": "--proxy", "noproxy": "--proxy -",
		"O": "--output-dir DIR", "remote-name": "--output-dir DIR",
		"max-time": "--timeout", "t": "--timeout", "p": "--data @FILE; to wait for one answer after the other, -j1", "qps": "--rate", "rps": "--rate",
		"parallel-max": "-j", "parallel-max-host": "--per-host", "http1.1": "--http1", "http2-prior-knowledge": "--http2",
		"w": "-o FILE.json, which keeps status and time of each request", "write-out": "-o FILE.json, which keeps status and time of each request",
	}
}

const oneItem = "one item is one command, always: leave it out"

const onePiece = "what an item prints comes in one piece: leave it out"

const noGroups = "one item is one command; for many in one, xargs does it"

func unneededLoop() map[string]string {
	return map[string]string{
		"1": "one item at a time is how it is, and -n is --dry-run: leave -n1 out",
		"2": noGroups, "3": noGroups, "4": noGroups, "5": noGroups, "6": noGroups, "7": noGroups, "8": noGroups, "9": noGroups,
		"group": onePiece, "will-cite": "leave it out",
		"no-notice": "leave it out", "citation": "leave it out",
		"load": "-j bounds how many run, --rate how many start, whatever else the machine does", "max-load": "-j bounds how many run, --rate how many start, whatever else the machine does",
		"memfree": "memory is not watched: -j bounds how many run", "noswap": "memory is not watched: -j bounds how many run",
		"sshlogin": "it runs here alone: parfor run -- ssh {1} … for hosts", "S": "it runs here alone: parfor run -- ssh {1} … for hosts", "sshloginfile": "it runs here alone: parfor run -- ssh {1} … for hosts",
		"N": noGroups, "max-replace-args": noGroups, "max-args": noGroups, "max-lines": noGroups,
	}
}

func unneededRun() map[string]string {
	return map[string]string{
		"L": oneItem, "X": noGroups, "m": noGroups, "xargs": noGroups, "s": noGroups, "max-chars": noGroups, "x": noGroups, "exit": noGroups,
		"env": "commands have the environment that parfor has: export NAME; a function goes into a script", "plus": "{.} {/} {//} {/.} {#} {%} are always there: leave it out",
		"tmpdir": "set TMPDIR: what a command prints beyond --max-output is kept there", "compress": "leave it out",
		"tmux": "what commands print comes in one piece, or with --stream as lines", "semaphore": "-j bounds the commands of one run", "block": "an item is a line: split does blocks",
		"f": noGroups, "H": "a header is for parfor http; here write curl -H …",
	}
}

func unneededHTTP() map[string]string {
	return map[string]string{
		"ungroup": onePiece, "line-buffer": onePiece, "linebuffer": onePiece, "lb": onePiece,
		"s": "answers are all that is printed: leave it out, or --progress none", "silent": "answers are all that is printed: leave it out, or --progress none",
		"S": "errors are always told: leave it out", "show-error": "errors are always told: leave it out",
		"f": "an item fails by any status but 2xx, unless --expect says otherwise: leave it out", "fail": "an item fails by any status but 2xx, unless --expect says otherwise: leave it out",
		"fail-with-body": "an item fails by any status but 2xx, unless --expect says otherwise: leave it out",
		"Z":              "it is parallel, as -j says: leave it out", "g": "brackets of a URL are just that: leave it out", "globoff": "brackets of a URL are just that: leave it out",
		"requests": "each item is sent once: -i 1..100 makes 100", "N": "each item is sent once: -i 1..100 makes 100", "disable-keepalive": "connections are kept",
		"include": "-o FILE.json keeps the status", "cookie-jar": "no cookies are kept between requests: -H 'Cookie: …' sends some",
	}
}

// joined are several maps as one, of which the last one counts.
func joined(parts ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, p := range parts {
		maps.Copy(all, p)
	}
	return all
}

// logAxes answers those who ask for what there is.
const logAxes = "nothing for it: both axes are logarithmic unless --linear"
