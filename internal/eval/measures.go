package eval

import (
	"cmp"
	"math"
	"slices"
)

// Depth is how far down a list the measures look.
const Depth = 10

// Measures are the quality of one list of hits, or the mean of several.
type Measures struct {
	NDCG, MRR, Recall float64
}

// Measure judges a list of titles, best first.
func Measure(q Query, titles []string) Measures {
	var m Measures
	found := 0
	for i, t := range titles[:min(len(titles), Depth)] {
		grade := q.Grades[t]
		if grade == 0 {
			continue
		}
		found++
		m.NDCG += gain(grade, i)
		if m.MRR == 0 {
			m.MRR = 1 / float64(i+1)
		}
	}
	grades := make([]int, 0, len(q.Grades))
	for _, g := range q.Grades {
		grades = append(grades, g)
	}
	slices.SortFunc(grades, func(a, b int) int { return cmp.Compare(b, a) })
	ideal := 0.0
	for i, g := range grades[:min(len(grades), Depth)] {
		ideal += gain(g, i)
	}
	m.NDCG /= ideal
	m.Recall = float64(found) / float64(len(grades))
	return m
}

func gain(grade, place int) float64 {
	return (math.Exp2(float64(grade)) - 1) / math.Log2(float64(place)+2)
}

// Mean returns the mean of several.
func Mean(list []Measures) Measures {
	var sum Measures
	for _, m := range list {
		sum.NDCG += m.NDCG
		sum.MRR += m.MRR
		sum.Recall += m.Recall
	}
	n := float64(max(len(list), 1))
	return Measures{NDCG: sum.NDCG / n, MRR: sum.MRR / n, Recall: sum.Recall / n}
}
