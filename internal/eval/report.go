package eval

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// All is the name of the row of all kinds together.
const All = "all"

// Report is how well systems answer, by kind of query.
type Report struct {
	Kinds   []string // in the order of the queries, All last
	Counts  map[string]int
	Systems []string
	Means   map[string]map[string]Measures // by system, by kind
	// Answers are the titles that each system answered each query with.
	Answers map[string]map[string][]string
}

// Run asks every system every query.
func Run(ctx context.Context, systems []System, queries []Query) (*Report, error) {
	r := &Report{Counts: map[string]int{}, Means: map[string]map[string]Measures{}, Answers: map[string]map[string][]string{}}
	for _, q := range queries {
		if !slices.Contains(r.Kinds, q.Kind) {
			r.Kinds = append(r.Kinds, q.Kind)
		}
		r.Counts[q.Kind]++
		r.Counts[All]++
	}
	r.Kinds = append(r.Kinds, All)
	for _, s := range systems {
		r.Systems = append(r.Systems, s.Name)
		byKind := map[string][]Measures{}
		r.Answers[s.Name] = map[string][]string{}
		for _, q := range queries {
			found, err := s.Answer(ctx, q.Text)
			if err != nil {
				return nil, fmt.Errorf("%s, query %q: %w", s.Name, q.Text, err)
			}
			r.Answers[s.Name][q.Text] = found
			m := Measure(q, found)
			byKind[q.Kind] = append(byKind[q.Kind], m)
			byKind[All] = append(byKind[All], m)
		}
		r.Means[s.Name] = map[string]Measures{}
		for kind, list := range byKind {
			r.Means[s.Name][kind] = Mean(list)
		}
	}
	return r, nil
}

// String is the report as tables, one for each measure.
func (r *Report) String() string {
	var b strings.Builder
	for _, measure := range []struct {
		name  string
		value func(Measures) float64
	}{
		{"nDCG@10", func(m Measures) float64 { return m.NDCG }},
		{"MRR@10", func(m Measures) float64 { return m.MRR }},
		{"recall@10", func(m Measures) float64 { return m.Recall }},
	} {
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintf(w, "%s\tn\t%s\t\n", measure.name, strings.Join(r.Systems, "\t"))
		for _, kind := range r.Kinds {
			fmt.Fprintf(w, "%s\t%d\t", kind, r.Counts[kind])
			for _, s := range r.Systems {
				fmt.Fprintf(w, "%.3f\t", measure.value(r.Means[s][kind]))
			}
			fmt.Fprintln(w)
		}
		w.Flush() //nolint:errcheck // a strings.Builder takes everything
		b.WriteByte('\n')
	}
	return b.String()
}
