package search

import (
	"slices"
	"testing"

	"github.com/sluicehq/sluice/internal/search/analysis"
)

// The snippets' quick look relies on it: a word is passed over where no term of the query has its first two letters.
func TestStemsKeepTheFirstTwoLetters(t *testing.T) {
	t.Parallel()
	// Endings that some stemmer takes away or changes, after beginnings that leave it little to keep.
	endings := []string{
		"", "s", "es", "ies", "ied", "ing", "ying", "ed", "eed", "y", "e", "er", "en", "em", "est", "ly", "ally", "ation", "ment", "isk", "heit", "keit",
		"eux", "euse", "ement", "amente", "are", "ando", "iva", "aa", "aan", "oom", "assa", "nsa", "ban", "ler", "lar", "inin", "ul", "ilor", "arna", "ende",
	}
	beginnings := []string{"a", "b", "d", "e", "l", "sk", "t", "di", "ly", "ty", "pa", "col", "tap", "gu", "qu", "ij", "io", "str", "over"}
	for _, config := range []string{
		"danish", "dutch", "english", "finnish", "french", "german", "hungarian", "italian", "norwegian", "portuguese", "romanian", "russian",
		"spanish", "swedish", "turkish", "simple",
	} {
		t.Run(config, func(t *testing.T) {
			t.Parallel()
			a := analysis.New(config)
			for _, beginning := range beginnings {
				for _, ending := range endings {
					word := beginning + ending
					for _, token := range a.Tokens(word) {
						term := token.Terms[0].Text
						if c := cutterOf([]*analysis.Analyzer{a}, map[string]float64{term: 1}); c.cannotMatch(word) {
							t.Errorf("%q has the term %q and is passed over", word, term)
						}
					}
				}
			}
		})
	}
}

// Only the best are kept, each text once, in the order that sorting all of them gives.
func TestSuggestionsKeepTheBest(t *testing.T) {
	t.Parallel()
	all := []rankedSuggestion{
		{Suggestion{Text: "Beta gamma"}, "beta gamma", 2},
		{Suggestion{Text: "Alpha"}, "alpha", 1},
		{Suggestion{Text: "alpha"}, "alpha", 3},
		{Suggestion{Text: "Delta"}, "delta", 2},
		{Suggestion{Text: "Beta"}, "beta", 2},
		{Suggestion{Text: "Zeta"}, "zeta", 0.5},
	}
	for range 24 {
		all = append(all[1:], all[0])
		if len(all) > 2 {
			all[0], all[2] = all[2], all[0]
		}
		best := suggestions{limit: 3}
		for _, x := range all {
			best.add(x)
		}
		var got []string
		for _, x := range best.list {
			got = append(got, x.Text)
		}
		if want := []string{"alpha", "Beta", "Delta"}; !slices.Equal(got, want) {
			t.Fatalf("best %q, want %q", got, want)
		}
	}
}
