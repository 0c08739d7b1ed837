package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sluicehq/sluice/internal/search/analysis"
	"github.com/sluicehq/sluice/internal/wiki"
)

// How many suggestions there are.
const (
	usualSuggestions = 8
	mostSuggestions  = 20
	mostPrefix       = 200 // bytes
)

// Suggest completes what is being typed: titles of pages, and headings that several pages have. Restricted pages are
// never suggested, whoever asks.
func (r *Searcher) Suggest(ctx context.Context, prefix string, limit int) ([]Suggestion, error) {
	if limit == 0 {
		limit = usualSuggestions
	}
	if limit < 1 || limit > mostSuggestions {
		return nil, wiki.Invalid("limit", fmt.Sprintf("must be between 1 and %d", mostSuggestions))
	}
	typed := strings.Join(strings.Fields(analysis.Fold(cleanQuery(prefix))), " ")
	if typed == "" || len(typed) > mostPrefix {
		return []Suggestion{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	s, err := r.reader.state(ctx)
	if err != nil {
		return nil, fmt.Errorf("suggest: %w", late(err))
	}
	ranked := append(s.titles(typed), s.headings(typed)...)
	slices.SortStableFunc(ranked, func(a, b rankedSuggestion) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(len(a.Text), len(b.Text)), cmp.Compare(a.Text, b.Text))
	})
	list := []Suggestion{}
	seen := map[string]bool{}
	for _, x := range ranked {
		key := analysis.Fold(x.Text)
		if seen[key] || len(list) == limit {
			continue
		}
		seen[key] = true
		list = append(list, x.Suggestion)
	}
	return list, nil
}

type rankedSuggestion struct {
	Suggestion
	score float64
}

// titles finds pages whose title begins with what was typed, or has it at the beginning of a word.
func (s *state) titles(typed string) []rankedSuggestion {
	var list []rankedSuggestion
	for _, p := range s.pages {
		if !p.live || p.Restricted {
			continue
		}
		if score := beginning(p.folded, typed); score > 0 {
			list = append(list, rankedSuggestion{
				Suggestion: Suggestion{Text: p.Title, Kind: "title", URL: p.URL, Source: p.SourceID, PageID: p.PageID}, score: score,
			})
		}
	}
	return list
}

// headings finds headings that several pages have.
func (s *state) headings(typed string) []rankedSuggestion {
	type sum struct {
		text  string
		count int
	}
	sums := map[string]*sum{}
	for _, seg := range s.segments {
		for i, folded := range seg.headings() {
			if beginning(folded, typed) == 0 {
				continue
			}
			p := seg.header.Phrases[i]
			visible := slices.ContainsFunc(p.Pages, func(page int32) bool {
				info := s.pages[s.byKey[seg.header.Pages[page]]]
				return info.live && !info.Restricted
			})
			if !visible {
				continue
			}
			if sums[folded] == nil {
				sums[folded] = &sum{text: p.Text}
			}
			sums[folded].count += p.Count
		}
	}
	var list []rankedSuggestion
	for folded, x := range sums {
		if x.count >= 2 {
			list = append(list, rankedSuggestion{
				Suggestion: Suggestion{Text: x.text, Kind: "phrase"}, score: beginning(folded, typed) - 0.5 + min(0.4, float64(x.count)/50),
			})
		}
	}
	return list
}

// beginning tells how well typed completes to text: 3 at its beginning, 2 at the beginning of a word, 0 not.
func beginning(text, typed string) float64 {
	if strings.HasPrefix(text, typed) {
		return 3
	}
	for at := 0; ; {
		i := strings.Index(text[at:], typed)
		if i < 0 {
			break
		}
		at += i
		if strings.IndexByte(" -_/(.:\"'", text[at-1]) >= 0 {
			return 2
		}
		at++
	}
	return everyWord(text, typed)
}

// everyWord: all words typed stand in the text, the last one perhaps not to its end.
func everyWord(text, typed string) float64 {
	if !strings.Contains(typed, " ") {
		return 0
	}
	for word := range strings.FieldsSeq(typed) {
		if !strings.HasPrefix(text, word) && !strings.Contains(text, " "+word) {
			return 0
		}
	}
	return 1
}
