// Package visible narrows stored pages to what a reader may see: pages that Confluence restricts are stored only where
// an admin chose so, and then for admins alone.
package visible

import (
	"fmt"
	"slices"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// Page returns the page as somebody may see it; wiki.ErrNotFound where they may not see it at all.
func Page(page sources.Page, admin bool) (sources.Page, error) {
	if admin {
		return page, nil
	}
	if page.Restricted {
		return sources.Page{}, fmt.Errorf("page %s is restricted: %w", page.PageID, wiki.ErrNotFound)
	}
	page.Children = Summaries(page.Children, false)
	return page, nil
}

// Summaries returns the pages of a list that somebody may see. The list may become shorter than its limit; the cursor
// of the next page stays good.
func Summaries(pages []sources.PageSummary, admin bool) []sources.PageSummary {
	if admin {
		return pages
	}
	return slices.DeleteFunc(slices.Clone(pages), func(p sources.PageSummary) bool { return p.Restricted })
}
