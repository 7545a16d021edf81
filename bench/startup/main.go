// Command startup times how long the parfor command takes to start, beside a
// program that says hello, and one that says hello and has net/http in it.
//
//	go build -o parfor ./cmd/parfor     (from the root)
//	go run ./startup -parfor ../parfor  (here)
package main

import (
	"flag"
	"log"
	"os"
	"os/exec"
	"path/filepath"

	"parfor.dev/parfor/bench/paired"
)

const hello = `package main

import "fmt"

func main() { fmt.Println("hello") }
`

const helloHTTP = `package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	fmt.Println("hello")
	if len(os.Args) > 9 {
		fmt.Println(http.Get(os.Args[1]))
	}
}
`

func main() {
	rounds := flag.Int("rounds", 21, "rounds to count")
	runs := flag.Int("runs", 30, "starts a round")
	parfor := flag.String("parfor", "parfor", "the parfor command")
	flag.Parse()
	dir, err := os.MkdirTemp("", "parfor-startup-")
	must(err)
	defer os.RemoveAll(dir)
	var ways []paired.Way
	add := func(name string, argv ...string) {
		ways = append(ways, paired.Way{Name: name, N: *runs, Run: func() {
			for range *runs {
				must(exec.Command(argv[0], argv[1:]...).Run())
			}
		}})
	}
	add("hello", build(dir, "hello", hello))
	add("hello with net/http", build(dir, "hellohttp", helloHTTP))
	add("parfor --version", *parfor, "--version")
	add("parfor run, one command", *parfor, "run", "-q", "--progress", "none", "--", "true", ":::", "1")
	paired.Measure(ways, *rounds, 1).Print(os.Stdout, "a start, from fork to exit", "", "hello", 1)
}

func build(dir, name, source string) (program string) {
	file := filepath.Join(dir, name+".go")
	must(os.WriteFile(file, []byte(source), 0o600))
	program = filepath.Join(dir, name)
	must(exec.Command("go", "build", "-o", program, file).Run())
	return program
}

func must(err error) {
	if err != nil {
		log.Fatal("startup: ", err)
	}
}
