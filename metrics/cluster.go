package metrics

import (
	"sync/atomic"

	"parfor.dev/parfor/internal/clusterwatch"
)

// clusterMetric is a family with samples for each namespace in which this program
// is an agent, or has loops.
type clusterMetric[Of any] struct {
	name, kind, help string
	write            func(p *page, of Of)
}

var agentMetrics = []clusterMetric[*clusterwatch.Agent]{
	{"parfor_agent_slots", "gauge", "Items that this program's agents can run at once.", func(p *page, a *clusterwatch.Agent) { p.count(a.Namespace, &a.Slots) }},
	{"parfor_agent_chunks_held", "gauge", "Chunks in the hands of this program's agents.", func(p *page, a *clusterwatch.Agent) { p.count(a.Namespace, &a.Held) }},
	{"parfor_agent_items_running", "gauge", "Items that the workers of this program's agents have.", func(p *page, a *clusterwatch.Agent) { p.count(a.Namespace, &a.Running) }},
	{"parfor_agent_chunks_pulled_total", "counter", "Chunks that this program's agents got.", func(p *page, a *clusterwatch.Agent) { p.count(a.Namespace, &a.Pulled) }},
	{"parfor_agent_chunks_redelivered_total", "counter", "Chunks among them that an agent had before: it died, was cut off, or gave them back.", func(p *page, a *clusterwatch.Agent) { p.count(a.Namespace, &a.Redelivered) }},
	{"parfor_agent_items_total", "counter", "Items that left this program's agents, by outcome: ok, failed, returned (for others, or for another sending), poisoned (agents died of it).", func(p *page, a *clusterwatch.Agent) {
		p.count(a.Namespace, &a.OK, "outcome", "ok")
		p.count(a.Namespace, &a.Failed, "outcome", "failed")
		p.count(a.Namespace, &a.Returned, "outcome", "returned")
		p.count(a.Namespace, &a.Poisoned, "outcome", "poisoned")
	}},
	{"parfor_agent_results_refused_total", "counter", "Messages with results that another agent had sent before.", func(p *page, a *clusterwatch.Agent) { p.count(a.Namespace, &a.Refused) }},
	{"parfor_agent_large_bytes_total", "counter", "Bytes of items, arguments and results too large for a message that this program's agents stored and read.", func(p *page, a *clusterwatch.Agent) { p.count(a.Namespace, &a.Large) }},
}

var ownerMetrics = []clusterMetric[*clusterwatch.Owner]{
	{"parfor_cluster_loops_active", "gauge", "Loops of this program that are on a cluster now.", func(p *page, o *clusterwatch.Owner) { p.count(o.Namespace, &o.Loops) }},
	{"parfor_cluster_items_in_flight", "gauge", "Items that were sent to the cluster and are not over.", func(p *page, o *clusterwatch.Owner) { p.count(o.Namespace, &o.InFlight) }},
	{"parfor_cluster_chunks_sent_total", "counter", "Messages with items that were sent.", func(p *page, o *clusterwatch.Owner) { p.count(o.Namespace, &o.Chunks) }},
	{"parfor_cluster_items_sent_again_total", "counter", "Items that came back without a verdict, and were sent once more.", func(p *page, o *clusterwatch.Owner) { p.count(o.Namespace, &o.Again) }},
	{"parfor_cluster_large_bytes_total", "counter", "Bytes of items, arguments and results too large for a message that loops stored and read.", func(p *page, o *clusterwatch.Owner) { p.count(o.Namespace, &o.Large) }},
	{"parfor_cluster_commit_duration_seconds", "histogram", "From the sending of a commit of results to its confirmation by the servers.", func(p *page, o *clusterwatch.Owner) {
		counts, sum := o.Commits.Read()
		p.histogram(clusterwatch.Bounds[:], &buckets{n: counts, sum: sum}, []string{"namespace", o.Namespace})
	}},
}

// cluster writes what the program does on clusters, if it does.
func (p *page) cluster() {
	families(p, agentMetrics, clusterwatch.Agents())
	families(p, ownerMetrics, clusterwatch.Owners())
}

func families[Of any](p *page, metrics []clusterMetric[Of], all []Of) {
	if len(all) == 0 {
		return
	}
	for _, f := range metrics {
		p.family(f.name, f.kind, f.help)
		for _, of := range all {
			f.write(p, of)
		}
	}
}

// count writes a sample of a namespace.
func (p *page) count(namespace string, n *atomic.Int64, labels ...string) {
	p.sample("", float64(n.Load()), append([]string{"namespace", namespace}, labels...)...)
}
