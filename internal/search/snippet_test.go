package search

import (
	"slices"
	"strings"
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
			for word := range shortWords {
				// Turkish stems of two letters change the second; of three letters within a name, a mark is lost.
				if term := a.Tokens(word)[0].Terms[0].Text; len(term) > 1 && config != "turkish" && !strings.Contains(word, term[:2]) {
					t.Errorf("the stem of %q is %q; it would be passed over within a name", word, term)
				}
			}
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

// shortWords yields all words of three letters.
func shortWords(yield func(string) bool) {
	for n := range 26 * 26 * 26 {
		if !yield(string([]byte{'a' + byte(n/26/26), 'a' + byte(n/26%26), 'a' + byte(n%26)})) {
			return
		}
	}
}

// No name that has a term of the query is passed over, wherever the term begins.
func TestNamesAreNotPassedOver(t *testing.T) {
	t.Parallel()
	for _, config := range []string{"english", "german", "simple"} {
		a := analysis.New(config)
		for _, name := range []string{
			"max-old-space-size", "app.kubernetes.io/managed-by", "parseHTTPRequest", "HTTPServer2", "scrape_interval_seconds", "e-mail", "fail-over", "v1.29.3",
			"OPS-1234", "https://wiki.example.com/x/y?id=12&flag#top", "C:\\Users\\ada", "user@host.example", "don't", "server's", "under_dying_node", "X1Y2Z3", "i18n",
			"foo::bar", "0x80070005", "a.b.c", "ERR_CONNECTION_REFUSED", "libssl3t64", "sha256:abcdef", "key=value", "100%cpu", "re-re-re", "tying_x",
		} {
			for _, token := range a.Tokens(name) {
				for _, term := range token.Terms {
					if c := cutterOf([]*analysis.Analyzer{a}, map[string]float64{term.Text: 1}); c.cannotMatch(name) {
						t.Errorf("%s: %q has the term %q and is passed over", config, name, term.Text)
					}
				}
			}
		}
	}
	c := cutterOf([]*analysis.Analyzer{analysis.New("english")}, map[string]float64{"restart": 1})
	if !c.cannotMatch("scrape_interval_seconds") {
		t.Error("a name without anything of the query is not passed over")
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
