package eval

import (
	"context"
	"regexp"
	"strings"

	"github.com/sluicehq/sluice/internal/search"
)

// System answers a query with titles of pages, best first.
type System struct {
	Name   string
	Answer func(ctx context.Context, query string) ([]string, error)
}

// Searchers are our legs and both together.
func Searchers(s *search.Searcher) []System {
	var list []System
	for _, mode := range []search.Mode{search.Keyword, search.Vector, search.Hybrid} {
		list = append(list, System{Name: string(mode), Answer: func(ctx context.Context, query string) ([]string, error) {
			r, err := s.Search(ctx, search.Request{Query: query, Mode: mode, Limit: Depth})
			if err != nil {
				return nil, err
			}
			return titles(r), nil
		}})
	}
	return list
}

func titles(r search.Results) []string {
	list := make([]string, len(r.Hits))
	for i, h := range r.Hits {
		list[i] = h.Title
	}
	return list
}

// filterSyntax is what the baselines do not understand.
var filterSyntax = regexp.MustCompile(`(^|\s)(space|label|author|jira|has|before|after|type|under):\S+|(^|\s)-\w\S*`)

// filtered gives a baseline the filters that it lacks: its answers are reduced to the pages that pass, and it is asked
// for the words alone.
func filtered(s *search.Searcher, answer func(ctx context.Context, query string) ([]string, error)) func(context.Context, string) ([]string, error) {
	return func(ctx context.Context, query string) ([]string, error) {
		filters := strings.Join(filterSyntax.FindAllString(query, -1), " ")
		found, err := answer(ctx, strings.TrimSpace(filterSyntax.ReplaceAllString(query, " ")))
		if err != nil || strings.TrimSpace(filters) == "" || strings.HasPrefix(strings.TrimSpace(filters), "-") {
			return found, err
		}
		pass := map[string]bool{}
		cursor := ""
		for {
			r, err := s.Search(ctx, search.Request{Query: filters, Limit: 50, Cursor: cursor})
			if err != nil {
				return nil, err
			}
			for _, h := range r.Hits {
				pass[h.Title] = true
			}
			if cursor = r.NextCursor; cursor == "" {
				break
			}
		}
		var kept []string
		for _, t := range found {
			if pass[t] {
				kept = append(kept, t)
			}
		}
		return kept, nil
	}
}
