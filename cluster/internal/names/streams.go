package names

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Store is how streams are kept.
type Store struct {
	Memory   bool  // they are gone when the server ends
	Replicas int   // 0 means 1
	MaxBytes int64 // of tasks, of results, and so on, each; 0 means the server's limit
}

const (
	duplicates = 2 * time.Minute
	// consumers of one stream: a lane or a program each. The server's default is
	// a thousand, and is meant by -1, too.
	maxConsumers = 10000
)

func (s Space) streams(st Store) []jetstream.StreamConfig {
	storage := jetstream.FileStorage
	if st.Memory {
		storage = jetstream.MemoryStorage
	}
	limit := st.MaxBytes
	if limit == 0 {
		limit = -1
	}
	base := jetstream.StreamConfig{Storage: storage, Replicas: max(1, st.Replicas), Discard: jetstream.DiscardNew,
		Duplicates: duplicates, MaxBytes: limit, MaxConsumers: maxConsumers, MaxMsgs: -1, MaxMsgsPerSubject: -1}
	tasks, results, loops, blobs, dead := base, base, base, base, base
	tasks.Name, tasks.Subjects, tasks.Retention = s.Tasks(), []string{s.under("t") + ">"}, jetstream.WorkQueuePolicy
	results.Name, results.Subjects = s.Results(), []string{s.under("r") + ">"}
	results.MaxMsgsPerSubject, results.DiscardNewPerSubject = 1, true // the first proposal of a round stays
	loops.Name, loops.Subjects, loops.AllowRollup = s.Loops(), []string{s.under("l") + ">"}, true
	blobs.Name, blobs.Subjects, blobs.AllowDirect = s.Blobs(), []string{s.under("b") + ">"}, true // a piece never changes: none is stale
	dead.Name, dead.Subjects = s.Dead(), []string{s.under("dlq") + ">"}
	dead.MaxBytes, dead.Discard, dead.MaxAge, dead.MaxMsgsPerSubject = 256<<20, jetstream.DiscardOld, 7*24*time.Hour, 1
	return []jetstream.StreamConfig{tasks, results, loops, blobs, dead}
}

// The registry's times: an agent renews its entry every RenewEvery, and it is
// gone EntryLife after the last time. Who reads it takes the agent for gone when
// it is not back after EntryDoubt: servers end entries at once when they have a
// leader again, and agents that live come back within RenewEvery of that.
const (
	RenewEvery = 4 * time.Second
	EntryLife  = 10 * time.Second
	EntryDoubt = 5 * time.Second
)

// Registry opens the registry of agents, and makes it if it isn't there.
func (s Space) Registry(ctx context.Context, js jetstream.JetStream, st Store) (jetstream.KeyValue, error) {
	kv, err := js.KeyValue(ctx, s.Agents())
	if !errors.Is(err, jetstream.ErrBucketNotFound) {
		return kv, err
	}
	storage := jetstream.FileStorage // a server that comes back has the agents, before they say that they are there
	if st.Memory {
		storage = jetstream.MemoryStorage
	}
	return js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: s.Agents(), History: 1, Storage: storage,
		Replicas: max(1, st.Replicas), LimitMarkerTTL: EntryLife})
}

// EntrySubject is where an agent's entry is written.
func (s Space) EntrySubject(agent string) string { return "$KV." + s.Agents() + "." + agent }

// EntryAt returns the agent whose entry a subject is.
func (s Space) EntryAt(subject string) (agent string, ok bool) {
	return strings.CutPrefix(subject, s.EntrySubject(""))
}
