package search

import (
	"slices"
	"strings"
	"sync"

	"github.com/sluicehq/sluice/internal/search/analysis"
)

func containsRunes(text, part string) bool { return strings.Contains(text, part) }

func sortMatches(list []match) {
	slices.SortFunc(list, func(a, b match) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return b.end - a.end
	})
}

// headingList is the headings of a segment, folded for comparison when they are first asked for.
type headingList struct {
	once   sync.Once
	folded []string
}

// headings returns the folded texts of the segment's phrases.
func (seg *segment) headings() []string {
	seg.phrases.once.Do(func() {
		seg.phrases.folded = make([]string, len(seg.header.Phrases))
		for i, p := range seg.header.Phrases {
			seg.phrases.folded[i] = analysis.Fold(p.Text)
		}
	})
	return seg.phrases.folded
}
