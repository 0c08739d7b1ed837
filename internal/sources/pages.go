package sources

import (
	"context"
	"fmt"
	"slices"

	"github.com/sluicehq/sluice/internal/wiki"
)

// Pages lists stored pages by title.
func (s *Service) Pages(ctx context.Context, id string, f PageFilter) ([]PageSummary, string, error) {
	if !slices.Contains([]string{"", "current", "deleted", "failed", "all"}, f.Status) {
		return nil, "", wiki.Invalid("status", "must be current, deleted, failed or all")
	}
	if _, err := s.store.Source(ctx, id); err != nil {
		return nil, "", err
	}
	var after PageCursor
	if err := decodeCursor(f.Cursor, &after); err != nil {
		return nil, "", err
	}
	limit := pageSize(f.Limit)
	pages, err := s.store.Pages(ctx, id, f, after, limit+1)
	if err != nil {
		return nil, "", err
	}
	pages, more := cut(pages, limit)
	if !more {
		return pages, "", nil
	}
	last := pages[len(pages)-1]
	next, err := encodeCursor(PageCursor{Title: last.Title, PageID: last.PageID})
	return pages, next, err
}

// childrenShown bounds the children that come with a page.
const childrenShown = 500

// Page returns a stored page whole; wiki.ErrNotFound. Whether somebody may see it follows from its Restricted, and that
// of its children; restricted pages are not among LinksIn.
func (s *Service) Page(ctx context.Context, id, pageID string) (Page, error) {
	page, err := s.store.Page(ctx, id, pageID)
	if err != nil {
		return Page{}, err
	}
	f := PageFilter{Under: pageID, Direct: true}
	page.Children, err = s.store.Pages(ctx, id, f, PageCursor{}, childrenShown)
	return page, err
}

// FindPage returns a stored page of any source; a live one where several sites use the same id.
func (s *Service) FindPage(ctx context.Context, pageID string) (Page, error) {
	ids, err := s.store.SourcesOfPage(ctx, pageID)
	if err != nil {
		return Page{}, err
	}
	if len(ids) == 0 {
		return Page{}, fmt.Errorf("page %s: %w", pageID, wiki.ErrNotFound)
	}
	return s.Page(ctx, ids[0], pageID)
}

// Failures lists the pages that could not be stored.
func (s *Service) Failures(ctx context.Context, id string, o ListOptions) ([]Failure, string, error) {
	if _, err := s.store.Source(ctx, id); err != nil {
		return nil, "", err
	}
	limit := pageSize(o.Limit)
	list, err := s.store.Failures(ctx, id, o.Cursor, limit+1)
	if err != nil {
		return nil, "", err
	}
	list, more := cut(list, limit)
	if !more {
		return list, "", nil
	}
	return list, list[len(list)-1].PageID, nil
}

// PendingDeletions lists the pages that the guard keeps until an admin decides.
func (s *Service) PendingDeletions(ctx context.Context, id string, o ListOptions) ([]PendingDeletion, string, error) {
	if _, err := s.store.Source(ctx, id); err != nil {
		return nil, "", err
	}
	limit := pageSize(o.Limit)
	list, err := s.store.PendingDeletions(ctx, id, o.Cursor, limit+1)
	if err != nil {
		return nil, "", err
	}
	list, more := cut(list, limit)
	if !more {
		return list, "", nil
	}
	return list, list[len(list)-1].PageID, nil
}

// DecidePending removes the pages that the guard holds (confirm), or keeps them; pages that are still missing at the
// next comparison come up again. It returns how many there were.
func (s *Service) DecidePending(ctx context.Context, id string, confirm bool) (int, error) {
	if _, err := s.store.Source(ctx, id); err != nil {
		return 0, err
	}
	n, err := s.store.DropPending(ctx, id, confirm)
	if err == nil {
		s.log.InfoContext(ctx, "pending deletions decided", "source", id, "removed", confirm, "pages", n)
	}
	return n, err
}
