// Command llm-batch sends a batch of prompts to a model behind an API that takes
// so many requests and so many tokens a second, answers 429 with Retry-After beyond
// that, fails now and then, and bills each answer. The first run is stopped half-way;
// the second one does the rest. The API counts: no prompt is paid twice.
//
//	go run ./examples/llm-batch
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/httpstatus"
	_ "parfor.dev/parfor/journal" // the codec of answers
)

// Prompt is one item of the batch.
type Prompt struct {
	ID   int
	Text string
}

// tokens is what a prompt counts for at the API: about four letters each.
func tokens(p Prompt) int { return 1 + len(p.Text)/4 }

// Answer is what came back.
type Answer struct {
	Text  string `json:"text"`
	Price int    `json:"price"`
}

// place is where the API is; With brings it to the body.
type place struct{ URL string }

// ask sends one prompt. The key is the same in each attempt and in each run, so an
// answer that was lost on its way is not billed again.
func ask(ctx context.Context, p Prompt) (Answer, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return Answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, parfor.Arg[place](ctx).URL, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("Idempotency-Key", parfor.Key(ctx))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	if err := httpstatus.Check(resp); err != nil {
		return Answer{}, err
	}
	var a Answer
	err = json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&a)
	return a, err
}

var _ = parfor.Register(ask)

func main() {
	n := flag.Int("n", 120, "prompts")
	flag.Parse()
	dir, err := os.MkdirTemp("", "llm-batch")
	check(err)
	defer os.RemoveAll(dir)
	api := newAPI(200, 4000)
	url, stop := api.serve()
	defer stop()

	prompts := make([]Prompt, *n)
	for i := range prompts {
		prompts[i] = Prompt{i, "Summarise: " + strings.Repeat("word ", 1+i%20)}
	}
	batch := func(ctx context.Context, report *parfor.Resumption) ([]Answer, error) {
		return parfor.Map(ctx, prompts, ask,
			parfor.With(place{url}),
			parfor.Rate(200, 5), // requests a second
			parfor.LimitWeight(tokens, parfor.Limit{Rate: 4000, Burst: 400}), // tokens a second
			parfor.Attempts(8), parfor.Backoff(10*time.Millisecond, time.Second), parfor.AttemptBudget(0.5),
			parfor.Journal(filepath.Join(dir, "batch.journal")), parfor.JournalReport(report))
	}

	ctx, cancel := context.WithCancel(context.Background())
	api.when(*n/2, cancel) // the laptop sleeps, the train is in a tunnel
	var first, second parfor.Resumption
	_, err = batch(ctx, &first)
	paid := api.paid()
	fmt.Println("first run: stopped half-way:", errors.Is(err, context.Canceled), "- some were paid:", paid >= *n/2 && paid < *n)

	answers, err := batch(context.Background(), &second)
	check(err)
	fmt.Println("second run: some came from the journal:", second.Resumed > 0 && second.Resumed <= paid)
	whole := 0
	for i, a := range answers {
		if a.Text == fmt.Sprint("answer ", i) {
			whole++
		}
	}
	fmt.Printf("answers: %d of %d; paid: %d\n", whole, *n, api.paid())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// listen is a server on the loopback interface.
func listen(h http.Handler) (url string, stop func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	srv := &http.Server{Handler: h}
	over := make(chan error)
	go func() { over <- srv.Serve(l) }()
	return "http://" + l.Addr().String(), func() {
		http.DefaultClient.CloseIdleConnections()
		srv.Close()
		<-over
	}
}
