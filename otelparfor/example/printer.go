package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// printer is an exporter of spans: a line for each, without what differs from
// run to run.
type printer struct{}

func (printer) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, s := range spans {
		text := s.Status().Code.String()
		if d := s.Status().Description; d != "" {
			text += " (" + d + ")"
		}
		where := "no parent"
		switch p := s.Parent(); {
		case p.IsRemote():
			where = "its parent is in another process"
		case p.IsValid():
			where = "its parent is here"
		}
		fmt.Printf("span %s: %s, %s\n", s.Name(), text, where)
	}
	return nil
}

func (printer) Shutdown(context.Context) error { return nil }

// counters is an exporter of metrics: it prints counts, in order.
type counters struct{}

func (counters) Export(_ context.Context, rm *metricdata.ResourceMetrics) error {
	var lines []string
	for _, scope := range rm.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					if data.IsMonotonic && p.Value > 0 {
						lines = append(lines, line(m.Name, p.Attributes, p.Value))
					}
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					lines = append(lines, line(m.Name, p.Attributes, p.Count))
				}
			}
		}
	}
	slices.Sort(lines)
	fmt.Println(strings.Join(lines, "\n"))
	return nil
}

// line leaves out the package that a dictionary's name begins with.
func line(name string, attributes attribute.Set, n any) string {
	var pairs []string
	for _, kv := range attributes.ToSlice() {
		v := kv.Value.String()
		if kv.Key == "parfor.dict.name" {
			v = v[strings.LastIndexByte(v, '.')+1:]
		}
		pairs = append(pairs, string(kv.Key)+"="+v)
	}
	return fmt.Sprintf("metric %s{%s} %d", name, strings.Join(pairs, ","), n)
}

func (counters) Temporality(sdkmetric.InstrumentKind) metricdata.Temporality {
	return metricdata.CumulativeTemporality
}

func (counters) Aggregation(k sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return sdkmetric.DefaultAggregationSelector(k)
}

func (counters) ForceFlush(context.Context) error { return nil }
func (counters) Shutdown(context.Context) error   { return nil }
