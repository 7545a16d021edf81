// Package node is parfor-node: a server of a cluster for this machine, and an
// agent on it. It links the NATS server, which parfor does not.
package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/embed"

	"parfor.dev/parfor/cmd/parfor/internal/agent"
)

// Exit codes, as parfor's.
const (
	codeOK    = 0
	codeUsage = 2
	codeIO    = 3
)

// errUsage marks what the user has to say otherwise.
var errUsage = errors.New("usage")

// leastStore is how many bytes of disk a server can do with: it sets some aside.
const leastStore = 512 << 20

// node is what the flags say.
type node struct {
	agent    agent.Flags
	dir      string
	noAgent  bool
	sync     bool
	maxStore int64
}

// Main is the program. It blocks until it is interrupted, and returns the exit
// code.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the next ^C ends it at once
	err := Command().ExecuteContext(ctx)
	if err == nil {
		return codeOK
	}
	fmt.Fprintf(os.Stderr, "parfor-node: %s\n", plain(err))
	if errors.Is(err, errUsage) || errors.Is(err, embed.ErrOption) {
		return codeUsage
	}
	return codeIO
}

// plain is an error's text without the words that say whose it is.
func plain(err error) string {
	text := err.Error()
	for _, whose := range []string{errUsage.Error() + ": ", "embed: ", "parfor: "} {
		text = strings.TrimPrefix(text, whose)
	}
	return text
}

// Command is parfor-node.
func Command() *cobra.Command {
	n := &node{}
	cmd := &cobra.Command{
		Use:   "parfor-node [flags]",
		Short: "A cluster on this machine: server and agent",
		Long: `A cluster on this machine for parfor run, http and compare with --cluster local:
a server, and an agent that runs items. parfor worker adds agents.

The server listens on loopback alone and wants a token, which is in a file that
only this user can read. What it keeps is in --dir, and is there again when
parfor-node is started again: loops wait for it meanwhile. Who starts a second one
on the same folder has a second agent.

The agent sends requests, and runs commands only with --allow-exec: then whoever
has the token may do here what this user may, in this folder and environment.

The first ^C or TERM drains the agent, then ends the server; the second ends both
at once.`,
		Example: `  parfor-node --allow-exec
  parfor run --cluster local -i 1..500 -o out.json 'convert {}.png {}.jpg'   # in another shell`,
		DisableFlagsInUseLine: true,
		SilenceErrors:         true,
		SilenceUsage:          true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("%w: it takes no argument, but got %q", errUsage, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return n.run(cmd.Context(), cmd.ErrOrStderr()) },
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return fmt.Errorf("%w: %w: parfor-node --help lists the flags", errUsage, err)
	})
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&n.dir, "dir", "", "keep what the server needs in `DIR`, on a local disk (default: parfor/node in the user's cache folder, which --cluster local means)")
	fs.BoolVar(&n.sync, "sync", false, "have the server write each message to the disk before it goes on: nothing is lost without power, and all is slower")
	fs.Int64Var(&n.maxStore, "max-store", 0, "take at most `BYTES` of disk, 512 MiB at least (default: three quarters of what is free)")
	fs.BoolVar(&n.noAgent, "no-agent", false, "the server alone")
	n.agent.Declare(fs)
	return cmd
}

func (n *node) run(ctx context.Context, said io.Writer) (err error) {
	if err := n.agent.Check(); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if n.noAgent && n.agent.Metrics() != "" {
		return fmt.Errorf("%w: --metrics are an agent's numbers, and --no-agent has none", errUsage)
	}
	if n.maxStore != 0 && n.maxStore < leastStore {
		return fmt.Errorf("%w: --max-store %d: it takes %d at least, of which %d are for items that agents died of", errUsage, n.maxStore, leastStore, leastStore/2)
	}
	dir, where, err := n.folder()
	if err != nil {
		return err
	}
	s, err := embed.Open(ctx, dir, n.options()...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if s.Runs() {
		fmt.Fprintf(said, "parfor-node: a server on %s; others use it with --cluster %s\n", dir, where)
	} else {
		fmt.Fprintf(said, "parfor-node: the server on %s runs already; this is another agent of it\n", dir)
	}
	if n.noAgent {
		<-ctx.Done()
		return nil
	}
	c := n.agent.Config(s.URL(), true)
	c.Say = func(text string) { fmt.Fprintln(said, "parfor-node: "+text) }
	c.Say(c.Describe())
	return agent.Serve(ctx, c)
}

// folder is where the server keeps what it has, and what parfor calls that.
func (n *node) folder() (dir, where string, err error) {
	if n.dir != "" {
		dir, err = filepath.Abs(n.dir)
		return dir, dir, err
	}
	if dir, err = cluster.LocalDir(); err != nil {
		return "", "", fmt.Errorf("%w: %w: name one with --dir", errUsage, err)
	}
	return dir, "local", nil
}

func (n *node) options() (opts []embed.Option) {
	if n.sync {
		opts = append(opts, embed.SyncAlways())
	}
	if n.maxStore != 0 {
		opts = append(opts, embed.MaxStore(n.maxStore))
	}
	return opts
}
