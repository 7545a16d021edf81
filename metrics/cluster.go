package metrics

import (
	"parfor.dev/parfor/internal/clusterwatch"
)

// agentMetric is a family with samples for each namespace in which this program
// is an agent.
type agentMetric struct {
	name, kind, help string
	write            func(p *page, a *clusterwatch.Agent)
}

var agentMetrics = []agentMetric{
	{"parfor_agent_slots", "gauge", "Items that this program's agents can run at once.", func(p *page, a *clusterwatch.Agent) {
		p.sample("", float64(a.Slots.Load()), "namespace", a.Namespace)
	}},
	{"parfor_agent_chunks_held", "gauge", "Chunks in the hands of this program's agents.", func(p *page, a *clusterwatch.Agent) {
		p.sample("", float64(a.Held.Load()), "namespace", a.Namespace)
	}},
	{"parfor_agent_items_running", "gauge", "Items that the workers of this program's agents have.", func(p *page, a *clusterwatch.Agent) {
		p.sample("", float64(a.Running.Load()), "namespace", a.Namespace)
	}},
	{"parfor_agent_chunks_pulled_total", "counter", "Chunks that this program's agents got.", func(p *page, a *clusterwatch.Agent) {
		p.sample("", float64(a.Pulled.Load()), "namespace", a.Namespace)
	}},
	{"parfor_agent_chunks_redelivered_total", "counter", "Chunks among them that an agent had before: it died, was cut off, or gave them back.", func(p *page, a *clusterwatch.Agent) {
		p.sample("", float64(a.Redelivered.Load()), "namespace", a.Namespace)
	}},
	{"parfor_agent_items_total", "counter", "Items that left this program's agents, by outcome: ok, failed, returned (for others, or for another sending), poisoned (agents died of it).", func(p *page, a *clusterwatch.Agent) {
		p.sample("", float64(a.OK.Load()), "namespace", a.Namespace, "outcome", "ok")
		p.sample("", float64(a.Failed.Load()), "namespace", a.Namespace, "outcome", "failed")
		p.sample("", float64(a.Returned.Load()), "namespace", a.Namespace, "outcome", "returned")
		p.sample("", float64(a.Poisoned.Load()), "namespace", a.Namespace, "outcome", "poisoned")
	}},
	{"parfor_agent_results_refused_total", "counter", "Messages with results that another agent had sent before.", func(p *page, a *clusterwatch.Agent) {
		p.sample("", float64(a.Refused.Load()), "namespace", a.Namespace)
	}},
	{"parfor_agent_large_bytes_total", "counter", "Bytes of items, arguments and results too large for a message that this program's agents stored and read.", func(p *page, a *clusterwatch.Agent) {
		p.sample("", float64(a.Large.Load()), "namespace", a.Namespace)
	}},
}

// ownerMetric is a family with samples for each namespace in which this program
// has loops.
type ownerMetric struct {
	name, kind, help string
	write            func(p *page, o *clusterwatch.Owner)
}

var ownerMetrics = []ownerMetric{
	{"parfor_cluster_loops_active", "gauge", "Loops of this program that are on a cluster now.", func(p *page, o *clusterwatch.Owner) {
		p.sample("", float64(o.Loops.Load()), "namespace", o.Namespace)
	}},
	{"parfor_cluster_items_in_flight", "gauge", "Items that were sent to the cluster and are not over.", func(p *page, o *clusterwatch.Owner) {
		p.sample("", float64(o.InFlight.Load()), "namespace", o.Namespace)
	}},
	{"parfor_cluster_chunks_sent_total", "counter", "Messages with items that were sent.", func(p *page, o *clusterwatch.Owner) {
		p.sample("", float64(o.Chunks.Load()), "namespace", o.Namespace)
	}},
	{"parfor_cluster_items_sent_again_total", "counter", "Items that came back without a verdict, and were sent once more.", func(p *page, o *clusterwatch.Owner) {
		p.sample("", float64(o.Again.Load()), "namespace", o.Namespace)
	}},
	{"parfor_cluster_large_bytes_total", "counter", "Bytes of items, arguments and results too large for a message that loops stored and read.", func(p *page, o *clusterwatch.Owner) {
		p.sample("", float64(o.Large.Load()), "namespace", o.Namespace)
	}},
	{"parfor_cluster_commit_duration_seconds", "histogram", "From the sending of a commit of results to its confirmation by the servers.", func(p *page, o *clusterwatch.Owner) {
		counts, sum := o.Commits.Read()
		p.histogram(clusterwatch.Bounds[:], &buckets{n: counts, sum: sum}, []string{"namespace", o.Namespace})
	}},
}

// cluster writes what the program does on clusters, if it does.
func (p *page) cluster() {
	as, os := clusterwatch.Agents(), clusterwatch.Owners()
	for _, f := range agentMetrics {
		if len(as) == 0 {
			break
		}
		p.family(f.name, f.kind, f.help)
		for _, a := range as {
			f.write(p, a)
		}
	}
	for _, f := range ownerMetrics {
		if len(os) == 0 {
			break
		}
		p.family(f.name, f.kind, f.help)
		for _, o := range os {
			f.write(p, o)
		}
	}
}
