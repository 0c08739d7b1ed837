package contentstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// Pages lists pages of a source by title, after a place in that list.
func (s *Store) Pages(ctx context.Context, sourceID string, f sources.PageFilter, after sources.PageCursor, limit int) ([]sources.PageSummary, error) {
	p := dbsqlc.ListPagesParams{
		SourceID: sourceID, Query: f.Query, Status: f.Status, HideRestricted: f.HideRestricted,
		Roots: f.Direct && f.Under == "", AfterTitle: after.Title, AfterID: after.PageID, Most: int32(limit),
	}
	switch {
	case f.Under != "" && f.Direct:
		p.Parent = &f.Under
	case f.Under != "":
		p.Under = &f.Under
	}
	rows, err := s.q.ListPages(ctx, s.db, p)
	if err != nil {
		return nil, fmt.Errorf("pages of %s: %w", sourceID, postgres.Translate(err))
	}
	pages := make([]sources.PageSummary, len(rows))
	for i, r := range rows {
		pages[i] = sources.PageSummary{
			PageID: r.PageID, SourceID: r.SourceID, SpaceKey: r.SpaceKey, Title: r.Title, Type: wiki.ContentType(r.Type), URL: r.Url,
			ParentID: r.ParentID, HasChildren: r.HasChildren, Path: r.Path, Version: int(r.Version), LastModified: r.LastModified,
			Author: r.AuthorName, Labels: r.Labels, Restricted: r.Restricted, Status: pageStatus(r.IsDeleted, r.Failed),
			Chunks: int(r.ChunkCount), SyncedAt: r.SyncedAt,
		}
	}
	return pages, nil
}

func pageStatus(deleted, failed bool) string {
	switch {
	case deleted:
		return "deleted"
	case failed:
		return "failed"
	default:
		return "current"
	}
}

// Page returns a page whole, but for its children; wiki.ErrNotFound.
func (s *Store) Page(ctx context.Context, sourceID, pageID string) (sources.Page, error) {
	r, err := s.q.ReadPage(ctx, s.db, dbsqlc.ReadPageParams{SourceID: sourceID, PageID: pageID})
	if err != nil {
		return sources.Page{}, fmt.Errorf("page %s of %s: %w", pageID, sourceID, postgres.Translate(err))
	}
	var m index.Metadata
	if err := json.Unmarshal(r.Metadata, &m); err != nil {
		return sources.Page{}, fmt.Errorf("page %s: metadata: %w", pageID, err)
	}
	page := sources.Page{
		PageSummary: sources.PageSummary{
			PageID: r.PageID, SourceID: r.SourceID, SpaceKey: r.SpaceKey, Title: r.Title, Type: wiki.ContentType(r.Type), URL: r.Url,
			ParentID: r.ParentID, Path: r.Path, Version: int(r.Version), LastModified: r.LastModified, Author: r.AuthorName,
			Labels: r.Labels, Restricted: r.Restricted, Status: pageStatus(r.IsDeleted, r.Failed), Chunks: int(r.ChunkCount),
			SyncedAt: r.SyncedAt,
		},
		CreatedBy: r.CreatedByName, CreatedAt: r.CreatedAt, Attachments: emptyNotNil(m.Assets), Properties: m.Properties,
		WordCount: m.WordCount, ContentLength: m.ContentLength, Dropped: m.Dropped, Markdown: r.Markdown,
		Breadcrumbs: []sources.Breadcrumb{}, JiraKeys: []sources.JiraKey{}, InternalLinks: []sources.Link{},
		ExternalLinks: []sources.Link{}, LinksIn: []sources.Link{}, Mentions: []sources.Mention{}, Children: []sources.PageSummary{},
	}
	if page.Properties == nil {
		page.Properties = map[string]string{}
	}
	if err := json.Unmarshal(r.Breadcrumb, &page.Breadcrumbs); err != nil {
		return sources.Page{}, fmt.Errorf("page %s: breadcrumb: %w", pageID, err)
	}
	for _, l := range m.InternalLinks {
		page.InternalLinks = append(page.InternalLinks, sources.Link{URL: l.URL, Title: l.Title, PageID: l.PageID})
	}
	for _, l := range m.ExternalLinks {
		page.ExternalLinks = append(page.ExternalLinks, sources.Link{URL: l.URL, Title: l.Title})
	}
	for _, u := range m.Mentions {
		page.Mentions = append(page.Mentions, sources.Mention(u))
	}
	linkIssues(&page, m.JiraLinks, r.JiraBaseUrl)
	in, err := s.q.LinksIn(ctx, s.db, dbsqlc.LinksInParams{PageID: pageID, SourceID: sourceID})
	if err != nil {
		return sources.Page{}, fmt.Errorf("links to page %s: %w", pageID, postgres.Translate(err))
	}
	for _, l := range in {
		page.LinksIn = append(page.LinksIn, sources.Link{URL: l.Url, Title: l.Title, PageID: l.PageID})
	}
	return page, nil
}

// SourcesOfPage returns the sources that hold a page id, those where it is live first.
func (s *Store) SourcesOfPage(ctx context.Context, pageID string) ([]string, error) {
	ids, err := s.q.SourcesOfPage(ctx, s.db, pageID)
	if err != nil {
		return nil, fmt.Errorf("page %s: %w", pageID, postgres.Translate(err))
	}
	return ids, nil
}

// Failures lists failed pages after an id.
func (s *Store) Failures(ctx context.Context, sourceID, after string, limit int) ([]sources.Failure, error) {
	rows, err := s.q.ListFailures(ctx, s.db, dbsqlc.ListFailuresParams{SourceID: sourceID, After: after, Most: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("failures of %s: %w", sourceID, postgres.Translate(err))
	}
	list := make([]sources.Failure, len(rows))
	for i, r := range rows {
		list[i] = sources.Failure{
			PageID: r.PageID, Title: r.Title, URL: r.Url, Error: r.Error, Tries: int(r.Tries), FirstAt: r.FirstAt, LastAt: r.LastAt,
			NextTryAt: r.NextTryAt,
		}
	}
	return list, nil
}

// PendingDeletions lists the pages that the guard holds, after an id.
func (s *Store) PendingDeletions(ctx context.Context, sourceID, after string, limit int) ([]sources.PendingDeletion, error) {
	rows, err := s.q.ListPending(ctx, s.db, dbsqlc.ListPendingParams{SourceID: sourceID, After: after, Most: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("pending deletions of %s: %w", sourceID, postgres.Translate(err))
	}
	list := make([]sources.PendingDeletion, len(rows))
	for i, r := range rows {
		list[i] = sources.PendingDeletion{PageID: r.PageID, Title: r.Title, URL: r.Url, Reason: r.Reason, Since: r.Since}
	}
	return list, nil
}

// DropPending forgets the pending deletions; with remove, the pages are deleted, else the source's next run compares: what
// is not restricted any more is shown again by it.
func (s *Store) DropPending(ctx context.Context, sourceID string, remove bool) (int, error) {
	if !remove {
		if err := s.WantComparison(ctx, sourceID); err != nil {
			return 0, err
		}
	}
	total := 0
	for after := ""; ; {
		list, err := s.PendingDeletions(ctx, sourceID, after, deletePieces)
		if err != nil {
			return total, err
		}
		if len(list) == 0 {
			return total, nil
		}
		byReason := map[string][]string{}
		for _, p := range list {
			byReason[p.Reason] = append(byReason[p.Reason], p.PageID)
		}
		for reason, ids := range byReason {
			if remove {
				_, _, err = s.SoftDelete(ctx, index.Fence{}, sourceID, ids, reason+"; confirmed by an admin")
			} else {
				err = s.q.DeletePending(ctx, s.db, dbsqlc.DeletePendingParams{SourceID: sourceID, Ids: ids})
			}
			if err != nil {
				return total, fmt.Errorf("pending deletions of %s: %w", sourceID, postgres.Translate(err))
			}
		}
		total += len(list)
		after = list[len(list)-1].PageID
	}
}
