package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluicehq/sluice/internal/app"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/server/api"
)

func (p *program) searchCommand() *cobra.Command {
	var asJSON bool
	var mode string
	request := search.Request{Facets: true, IncludeRestricted: true}
	cmd := &cobra.Command{
		Use: "search QUERY...", Short: "Search the synced pages",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exactly("QUERY")(cmd, args)
			}
			return nil
		},
		Example: "  sluice search scrape interval\n  sluice search \"how do I drop a label\" --space OBS --limit 5\n  sluice search deploy --jira OPS-12 --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			request.Query, request.Mode = strings.Join(args, " "), search.Mode(mode)
			return p.withApp(cmd, app.Options{}, func(ctx context.Context, a *app.App) error {
				results, err := a.Searcher.Search(ctx, request)
				if err != nil {
					return err
				}
				if asJSON {
					api.FillLists(&results)
					return p.printJSON(results)
				}
				return p.printHits(results)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&request.Filters.Spaces, "space", nil, "only these space keys")
	flags.StringSliceVar(&request.Filters.Jira, "jira", nil, "only pages that name one of these issue keys")
	flags.StringSliceVar(&request.Filters.Labels, "label", nil, "only pages with one of these labels")
	flags.StringSliceVar(&request.Filters.Authors, "author", nil, "only pages last edited by one of these people")
	flags.StringSliceVar(&request.Filters.Sources, "source", nil, "only these sources")
	flags.StringVar(&mode, "mode", string(search.Hybrid), "hybrid, keyword or vector")
	flags.IntVar(&request.Limit, "limit", 10, "hits, 1 to 50")
	flags.StringVar(&request.Cursor, "cursor", "", "the next_cursor of the answer before")
	flags.BoolVar(&request.Explain, "explain", false, "say how each score came about (with --json)")
	flags.BoolVar(&asJSON, "json", false, "print what GET /api/search answers")
	return cmd
}

// printHits writes hits for a person. Matched words are bold on a terminal.
func (p *program) printHits(r search.Results) error {
	bold, plain := "", ""
	if isTerminal(p.stdout) && p.getenv("NO_COLOR") == "" {
		bold, plain = "\x1b[1m", "\x1b[0m"
	}
	marks := strings.NewReplacer(string(search.MarkStart), bold, string(search.MarkEnd), plain)
	for _, leg := range r.Degraded {
		fmt.Fprintf(p.stderr, "Searched without the %s part.\n", leg)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(p.stderr, note)
	}
	if r.Suggestion != "" {
		fmt.Fprintf(p.stderr, "Did you mean: %s\n", r.Suggestion)
	}
	if len(r.Hits) == 0 {
		fmt.Fprintln(p.stdout, "Nothing found.")
		return nil
	}
	var b strings.Builder
	for i, hit := range r.Hits {
		fmt.Fprintf(&b, "%d. %s%s%s  [%s]", i+1, bold, clean(hit.Title), plain, hit.SpaceKey)
		if hit.SectionTitle != "" {
			fmt.Fprintf(&b, "  › %s", clean(hit.SectionTitle))
		}
		url := hit.URL
		if len(hit.Passages) > 0 && hit.Passages[0].URL != "" {
			url = hit.Passages[0].URL
		}
		fmt.Fprintf(&b, "\n   %s\n   %s\n\n", marks.Replace(clean(strings.Join(strings.Fields(hit.Snippet), " "))), url)
	}
	fmt.Fprintf(&b, "%d of %d pages in %.1f ms\n", len(r.Hits), r.Total, r.TookMS)
	_, err := fmt.Fprint(p.stdout, b.String())
	return err
}

// clean keeps pages from sending commands to the terminal.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return -1
		}
		return r
	}, text)
}
