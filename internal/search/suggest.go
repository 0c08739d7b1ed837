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
	best := &suggestions{limit: limit}
	s.titles(typed, best)
	s.headings(typed, best)
	list := make([]Suggestion, len(best.list))
	for i, x := range best.list {
		list[i] = x.Suggestion
	}
	return list, nil
}

type rankedSuggestion struct {
	Suggestion
	folded string
	score  float64
}

// suggestions are the best so far, best first, each text once.
type suggestions struct {
	limit int
	list  []rankedSuggestion
}

func compareSuggestions(a, b rankedSuggestion) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(len(a.Text), len(b.Text)), cmp.Compare(a.Text, b.Text))
}

// add takes a suggestion if it is among the best.
func (l *suggestions) add(x rankedSuggestion) {
	if len(l.list) == l.limit && compareSuggestions(x, l.list[l.limit-1]) >= 0 {
		return
	}
	same := slices.IndexFunc(l.list, func(y rankedSuggestion) bool { return y.folded == x.folded })
	switch {
	case same >= 0 && compareSuggestions(x, l.list[same]) >= 0:
		return
	case same >= 0:
		l.list = slices.Delete(l.list, same, same+1)
	case len(l.list) == l.limit:
		l.list = l.list[:l.limit-1]
	}
	at, _ := slices.BinarySearchFunc(l.list, x, compareSuggestions)
	l.list = slices.Insert(l.list, at, x)
}

// titles finds pages whose title begins with what was typed, or has it at the beginning of a word.
func (s *state) titles(typed string, best *suggestions) {
	for i, flags := range s.columns.flags {
		if flags != flagLive {
			continue
		}
		folded := s.columns.title(i)
		if score := beginning(folded, typed); score > 0 {
			p := s.pages[i]
			best.add(rankedSuggestion{
				Suggestion: Suggestion{Text: p.Title, Kind: "title", URL: p.URL, Source: p.SourceID, PageID: p.PageID}, folded: folded, score: score,
			})
		}
	}
}

// headings finds headings that several pages have.
func (s *state) headings(typed string, best *suggestions) {
	type heading struct {
		text  string
		count int
	}
	sums := map[string]heading{}
	for _, seg := range s.segments {
		for i, folded := range seg.headings() {
			if beginning(folded, typed) == 0 {
				continue
			}
			p := seg.header.Phrases[i]
			visible := slices.ContainsFunc(p.Pages, func(page int32) bool { return s.columns.flags[seg.numbers[page]] == flagLive })
			if !visible {
				continue
			}
			sum, ok := sums[folded]
			if !ok {
				sum.text = p.Text
			}
			sum.count += p.Count
			sums[folded] = sum
		}
	}
	for folded, x := range sums {
		if x.count >= 2 {
			best.add(rankedSuggestion{
				Suggestion: Suggestion{Text: x.text, Kind: "phrase"}, folded: folded,
				score: beginning(folded, typed) - 0.5 + min(0.4, float64(x.count)/50),
			})
		}
	}
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
