package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluicehq/sluice/internal/search"
)

// facets measures what it costs to count facets as if nothing were chosen in them, with one to three chosen: within the
// search, and by another search for each.
func facets(ctx context.Context, out *tabwriter.Writer, s *search.Searcher, queries class) error {
	after := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := 1; n <= 3; n++ {
		// chosen are the filters without one of them.
		chosen := func(without int) search.Filters {
			var f search.Filters
			if without != 0 {
				f.Labels = []string{"wide"}
			}
			if without != 1 && n > 1 {
				f.Types = []string{"page"}
			}
			if without != 2 && n > 2 {
				f.UpdatedAfter = &after
			}
			return f
		}
		closed := search.Request{Filters: chosen(-1), Facets: true}
		open := closed
		open.OpenFacets = true
		var wider []search.Request
		for facet := range n {
			wider = append(wider, search.Request{Filters: chosen(facet), Facets: true, Limit: 1})
		}
		queries.name = fmt.Sprintf("3 words, %d chosen", n)
		for _, way := range []struct {
			name string
			ask  ask
		}{{"closed facets", asking(s, closed)}, {"open facets", asking(s, open)}, {"a search for each facet", asking(s, closed, wider...)}} {
			if err := table(ctx, out, way.name, []class{queries}, way.ask); err != nil {
				return err
			}
		}
	}
	return nil
}

// asking makes a request, then others beside one another.
func asking(s *search.Searcher, request search.Request, others ...search.Request) ask {
	return func(ctx context.Context, query string, _ int) (time.Duration, error) {
		began := time.Now()
		request := request
		request.Query = query
		if _, err := s.Search(ctx, request); err != nil {
			return 0, err
		}
		var more errgroup.Group
		for _, r := range others {
			r.Query = query
			more.Go(func() error {
				_, err := s.Search(ctx, r)
				return err
			})
		}
		err := more.Wait()
		return time.Since(began), err
	}
}
