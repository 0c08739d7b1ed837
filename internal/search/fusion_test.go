package search

import (
	"math"
	"testing"

	"github.com/sluicehq/sluice/internal/embedding"
)

func TestFusion(t *testing.T) {
	t.Parallel()
	model := embedding.Model{FusionWeight: 0.2, Spread: 0.3}
	hits := []vectorHit{{similarity: 0.8}, {similarity: 0.6}}
	usual := []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6}
	for _, tt := range []struct {
		name     string
		model    embedding.Model
		coverage float64
		leg      vectorLeg
		want     fusion
	}{
		{"the best page has all words", model, 1, vectorLeg{hits: hits, comparison: comparison{usual: usual}}, fusion{weight: 0.2, base: 0.5, spread: 0.3}},
		{"it has half of them", model, 0.5, vectorLeg{hits: hits, comparison: comparison{usual: usual}}, fusion{weight: 0.4, base: 0.3, spread: 0.3}},
		{"it has none", model, 0, vectorLeg{hits: hits, comparison: comparison{usual: usual}}, fusion{weight: 0.6, base: 0.1, spread: 0.3}},
		{"one page by words", model, 1, vectorLeg{hits: hits, comparison: comparison{usual: usual[:1]}}, fusion{weight: 0.2, base: 0.1, spread: 0.3}},
		{"none by words", model, 0, vectorLeg{hits: hits}, fusion{weight: 0.6, base: 0.6, spread: 0.3}},
		{"a strong model keeps its weight", embedding.Model{FusionWeight: 0.8, Spread: 0.3}, 0, vectorLeg{hits: hits, comparison: comparison{usual: usual}}, fusion{weight: 0.8, base: 0.1, spread: 0.3}},
		{"a model without a spread", embedding.Model{FusionWeight: 0.5}, 1, vectorLeg{hits: hits, comparison: comparison{usual: usual}}, fusion{weight: 0.5, base: 0.5, spread: 0.3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := newFusion(tt.model, tt.coverage, &tt.leg)
			for _, x := range [][2]float64{{got.weight, tt.want.weight}, {got.base, tt.want.base}, {got.spread, tt.want.spread}} {
				if math.Abs(x[0]-x[1]) > 1e-9 {
					t.Fatalf("got %+v, want %+v", got, tt.want)
				}
			}
		})
	}
}

// What is usual adds nothing; beyond it more likeness adds more, the whole at the spread.
func TestGain(t *testing.T) {
	t.Parallel()
	f := fusion{weight: 0.2, base: 0.4, spread: 0.3}
	for _, similarity := range []float64{-1, 0, 0.39, 0.4} {
		if got := f.gain(similarity); got != 0 {
			t.Errorf("%g gains %g, want nothing", similarity, got)
		}
	}
	if got := f.gain(0.7); math.Abs(got-1) > 1e-9 {
		t.Errorf("the spread gains %g, want 1", got)
	}
	if half := f.gain(0.55); half <= 0 || half >= 0.5 {
		t.Errorf("half the spread gains %g, want less than half", half)
	}
	alike := newFusion(embedding.Model{FusionWeight: 0.5}, 1, &vectorLeg{hits: []vectorHit{{similarity: 0.5}}, comparison: comparison{usual: []float64{0.5}}})
	if got := alike.gain(0.5); got != 0 {
		t.Errorf("where all are equally like the query, one gains %g", got)
	}
}
