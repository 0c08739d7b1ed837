package api

import (
	"context"
	"net/http"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/server/visible"
	"github.com/sluicehq/sluice/internal/sources"
)

type pagesInput struct {
	SourceListInput
	Under  string `query:"under" doc:"Only the descendants of this page."`
	Direct bool   `query:"direct" doc:"Only direct children of under, or the roots where under is empty."`
	Query  string `query:"q" maxLength:"500" doc:"Part of the title."`
	Status string `query:"status" enum:"current,deleted,failed" doc:"Only pages in this state; empty: current ones."`
}

type pagesOutput struct {
	Body struct {
		Pages      []sources.PageSummary `json:"pages"`
		NextCursor string                `json:"next_cursor"`
	}
}

type pageInput struct {
	SourceInput
	PageID string `path:"page_id" doc:"The page, as Confluence numbers it."`
}

type pageOutput struct{ Body sources.Page }

func (a *API) addPages() {
	add(a, operation{
		id: "list-pages", method: http.MethodGet, path: "/api/confluence/{id}/pages", tag: "Pages", access: session.ForSearch,
		summary: "List stored pages", description: "Pages that Confluence restricts are shown to administrators only.",
	}, a.listPages)
	add(a, operation{
		id: "get-page", method: http.MethodGet, path: "/api/confluence/{id}/pages/{page_id}", tag: "Pages", access: session.ForSearch,
		summary: "Read a stored page", description: "With its Markdown, place in the tree, labels, JIRA keys and links.",
	}, func(ctx context.Context, in *pageInput) (*pageOutput, error) {
		page, err := a.options.Sources.Page(ctx, in.ID, in.PageID)
		if err != nil {
			return nil, err
		}
		page, err = visible.Page(page, auth.FromContext(ctx).IsAdmin())
		return &pageOutput{Body: page}, err
	})
}

func (a *API) listPages(ctx context.Context, in *pagesInput) (*pagesOutput, error) {
	pages, next, err := a.options.Sources.Pages(ctx, in.ID, sources.PageFilter{
		ListOptions: in.options(), Under: in.Under, Direct: in.Direct, Query: in.Query, Status: in.Status,
	})
	if err != nil {
		return nil, err
	}
	out := &pagesOutput{}
	out.Body.Pages, out.Body.NextCursor = visible.Summaries(pages, auth.FromContext(ctx).IsAdmin()), next
	return out, nil
}
