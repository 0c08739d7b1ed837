package mcp

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/server/visible"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

type noInput struct{}

type spacesOutput struct {
	Spaces []spaceRow `json:"spaces"`
}

type spaceRow struct {
	Key        string     `json:"key"`
	Name       string     `json:"name"`
	SourceID   string     `json:"source_id"`
	Site       string     `json:"site"`
	Pages      int        `json:"pages"`
	LastSyncAt *time.Time `json:"last_sync_at"`
}

func (t *tools) listSpaces(ctx context.Context, _ noInput) (string, spacesOutput, error) {
	all, err := t.Sources.List(ctx)
	if err != nil {
		return "", spacesOutput{}, err
	}
	out := spacesOutput{Spaces: []spaceRow{}}
	a := newAnswer(mostTokens)
	a.printf("%d spaces are indexed.\n", len(all))
	for _, s := range all {
		out.Spaces = append(out.Spaces, spaceRow{
			Key: s.SpaceKey, Name: inline(s.Name), SourceID: s.ID, Site: s.BaseURL, Pages: s.TotalPages, LastSyncAt: s.LastSyncTimestamp,
		})
		a.printf("- %s: %s (%d pages, source_id %s", s.SpaceKey, inline(s.Name), s.TotalPages, s.ID)
		if s.LastSyncTimestamp != nil {
			a.printf(", current to %s", s.LastSyncTimestamp.UTC().Format(time.RFC3339))
		}
		a.printf(")\n")
	}
	return a.String(), out, nil
}

type relatedInput struct {
	PageID   string `json:"page_id" jsonschema:"the page, as search results name it"`
	SourceID string `json:"source_id,omitempty" jsonschema:"needed only where two sites use the same page id"`
	Limit    int    `json:"limit,omitempty" jsonschema:"pages of each kind, default 10, at most 50"`
}

type relatedOutput struct {
	Parent   *relatedPage  `json:"parent,omitempty"`
	Children []relatedPage `json:"children"`
	Siblings []relatedPage `json:"siblings"`
	LinksTo  []relatedPage `json:"links_to"`
	LinkedBy []relatedPage `json:"linked_by"`
	SameJira []relatedPage `json:"same_jira"`
}

type relatedPage struct {
	PageID   string   `json:"page_id,omitempty"`
	Title    string   `json:"title"`
	URL      string   `json:"url"`
	JiraKeys []string `json:"jira_keys,omitempty"` // the issues that both name
}

func (t *tools) relatedPages(ctx context.Context, in relatedInput) (string, relatedOutput, error) {
	limit := in.Limit
	if limit <= 0 {
		limit = 10
	}
	limit = min(limit, 50)
	page, err := t.find(ctx, in.SourceID, in.PageID)
	if err != nil {
		return "", relatedOutput{}, err
	}
	out := relatedOutput{
		Children: fromSummaries(page.Children, page.PageID, limit),
		LinksTo:  t.fromLinks(ctx, page, page.InternalLinks, limit), LinkedBy: t.fromLinks(ctx, page, page.LinksIn, limit),
	}
	if n := len(page.Breadcrumbs); n > 0 {
		parent := page.Breadcrumbs[n-1]
		out.Parent = &relatedPage{PageID: parent.ID, Title: inline(parent.Title), URL: parent.URL}
	}
	if out.Siblings, err = t.siblings(ctx, page, limit); err != nil {
		return "", relatedOutput{}, err
	}
	if out.SameJira, err = t.sameJira(ctx, page, limit); err != nil {
		return "", relatedOutput{}, err
	}
	return renderRelated(page, out), out, nil
}

func (t *tools) siblings(ctx context.Context, page sources.Page, limit int) ([]relatedPage, error) {
	if page.ParentID == "" {
		return []relatedPage{}, nil
	}
	rows, _, err := t.Sources.Pages(ctx, page.SourceID, sources.PageFilter{
		ListOptions: sources.ListOptions{Limit: limit + 1}, Under: page.ParentID, Direct: true,
	})
	if errors.Is(err, wiki.ErrNotFound) {
		return []relatedPage{}, nil // the parent is a folder, or is not stored
	}
	if err != nil {
		return nil, err
	}
	return fromSummaries(visible.Summaries(rows, t.admin), page.PageID, limit), nil
}

func fromSummaries(rows []sources.PageSummary, without string, limit int) []relatedPage {
	list := []relatedPage{}
	for _, row := range rows {
		if row.PageID != without && len(list) < limit {
			list = append(list, relatedPage{PageID: row.PageID, Title: inline(row.Title), URL: row.URL})
		}
	}
	return list
}

// fromLinks lists stored pages that links lead to or come from. Who may not see restricted pages is not shown their
// titles either, so each is looked at.
func (t *tools) fromLinks(ctx context.Context, page sources.Page, links []sources.Link, limit int) []relatedPage {
	list := []relatedPage{}
	seen := map[string]bool{page.PageID: true}
	for _, link := range links {
		if len(list) == limit || link.PageID == "" || seen[link.PageID] {
			continue
		}
		seen[link.PageID] = true
		if !t.admin {
			if _, err := t.find(ctx, page.SourceID, link.PageID); err != nil {
				continue
			}
		}
		list = append(list, relatedPage{PageID: link.PageID, Title: inline(link.Title), URL: link.URL})
	}
	return list
}

// sameJira finds pages that name one of the page's JIRA issues.
func (t *tools) sameJira(ctx context.Context, page sources.Page, limit int) ([]relatedPage, error) {
	list := []relatedPage{}
	var keys []string
	own := map[string]bool{}
	for _, key := range page.JiraKeys[:min(10, len(page.JiraKeys))] {
		keys = append(keys, key.Key)
		own[key.Key] = true
	}
	if len(keys) == 0 {
		return list, nil
	}
	results, err := t.Searcher.Search(ctx, search.Request{
		Query: strings.Join(keys, " "), Mode: search.Keyword, Limit: min(limit+1, 50), IncludeRestricted: t.admin, Verbatim: true,
		Filters: search.Filters{Jira: keys},
	})
	if err != nil {
		return nil, err
	}
	for _, hit := range results.Hits {
		if hit.PageID == page.PageID && hit.SourceID == page.SourceID || len(list) == limit {
			continue
		}
		row := relatedPage{PageID: hit.PageID, Title: inline(hit.Title), URL: hit.URL}
		for _, key := range hit.JiraKeys {
			if own[key] {
				row.JiraKeys = append(row.JiraKeys, key)
			}
		}
		list = append(list, row)
	}
	return list, nil
}

func renderRelated(page sources.Page, out relatedOutput) string {
	a := newAnswer(mostTokens)
	a.printf("Around %q (page_id %s):\n", inline(page.Title), page.PageID)
	if out.Parent != nil {
		a.printf("\nParent\n- %s (page_id %s) %s\n", out.Parent.Title, out.Parent.PageID, out.Parent.URL)
	}
	for _, group := range []struct {
		name string
		rows []relatedPage
	}{
		{"Children", out.Children},
		{"Siblings", out.Siblings},
		{"Links to", out.LinksTo},
		{"Linked by", out.LinkedBy},
		{"Same JIRA issues", out.SameJira},
	} {
		if len(group.rows) == 0 {
			continue
		}
		a.printf("\n%s\n", group.name)
		for _, row := range group.rows {
			a.printf("- %s (page_id %s) %s", row.Title, row.PageID, row.URL)
			if len(row.JiraKeys) > 0 {
				a.printf(" [%s]", strings.Join(row.JiraKeys, ", "))
			}
			a.printf("\n")
		}
	}
	return a.String()
}
