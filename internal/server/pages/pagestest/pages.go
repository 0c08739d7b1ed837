package pagestest

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// sample is a page with everything that Markdown may hold, and some things that it must not.
//
//go:embed sample.md
var sample string

// Page implements pages.Sources.
func (s *Sources) Page(_ context.Context, id, pageID string) (sources.Page, error) {
	n, err := strconv.Atoi(pageID)
	if err != nil || n < 1001 || n > 1012 {
		return sources.Page{}, fmt.Errorf("page %s of %s: %w", pageID, id, wiki.ErrNotFound)
	}
	page := sources.Page{
		PageSummary: summary(n), CreatedBy: "Edsger Dijkstra", CreatedAt: ago(400 * 24 * time.Hour), WordCount: 842, ContentLength: 9120, Markdown: sample,
		Breadcrumbs: []sources.Breadcrumb{{ID: "1010", Type: "page", Title: "Observability"}, {ID: "77", Type: "folder", Title: "Metrics"}, {ID: "1011", Type: "page", Title: "Operating Prometheus"}},
		JiraKeys:    []sources.JiraKey{{Key: "OPS-12", Tier: 1}, {Key: "OBS-340", Tier: 3, URL: SiteURL + "/browse/OBS-340"}},
		InternalLinks: []sources.Link{
			{URL: SiteURL + "/wiki/spaces/OBS/pages/1002", Title: "How to drop a high-cardinality label", PageID: "1002"}, {URL: SiteURL + "/wiki/spaces/HR/pages/1", Title: "A page that is not stored"},
		},
		ExternalLinks: []sources.Link{{URL: "https://prometheus.io/docs/", Title: "Prometheus documentation"}},
		LinksIn:       []sources.Link{{URL: SiteURL + "/wiki/spaces/OBS/pages/1003", Title: "Alerting rules: a walk-through", PageID: "1003"}},
		Children:      []sources.PageSummary{summary(1004), summary(1005)},
		Mentions:      []sources.Mention{{ID: "a", Name: "Grace Hopper"}},
		Attachments:   []wiki.Attachment{{ID: "att1", Title: "retention-calculator-with-a-very-long-file-name-2024-final-v3.xlsx", MediaType: "application/vnd.ms-excel", FileSize: 184_200, URL: SiteURL + "/wiki/download/1"}},
		Properties:    map[string]string{"Owner": "Team Observability", "Status": "Reviewed"},
		Dropped:       []string{"a chart", "a form"},
	}
	if n == 1007 {
		page.Restricted = true
	}
	if n == 1006 {
		page.Markdown, page.WordCount, page.Chunks = "", 0, 0
	}
	if n == 1008 {
		page.Status = "deleted"
	}
	return page, nil
}

func summary(n int) sources.PageSummary {
	titles := []string{
		"Scrape interval and retention", "How to drop a high-cardinality label", "Alerting rules: a walk-through", "Federation", "Remote write", "An empty page",
		"Salaries", "Deleted page", "Page with <script>alert(1)</script> in its title", "Observability", "Operating Prometheus", "Wohin mit Donaudampfschifffahrtsgesellschaftskapitänsmützenverordnungen",
	}
	return sources.PageSummary{
		PageID: strconv.Itoa(n), SourceID: "confluence_OBS", SpaceKey: "OBS", Title: titles[n-1001], Type: wiki.TypePage, URL: SiteURL + "/wiki/spaces/OBS/pages/" + strconv.Itoa(n),
		HasChildren: n%4 == 2, Version: n % 17, LastModified: ago(time.Duration(n-1000) * 20 * time.Hour), Author: "Grace Hopper", Labels: []string{"prometheus", "how-to"}, Status: "current", Chunks: n % 23, SyncedAt: ago(2 * time.Hour),
	}
}

// Pages implements pages.Sources.
func (s *Sources) Pages(_ context.Context, _ string, f sources.PageFilter) ([]sources.PageSummary, string, error) {
	var list []sources.PageSummary
	for n := 1001; n <= 1012; n++ {
		page := summary(n)
		if n == 1008 {
			page.Status = "deleted"
		}
		if f.Direct && f.Under != "" && n%3 != 0 || f.Status != "" && page.Status != f.Status || !strings.Contains(strings.ToLower(page.Title), strings.ToLower(f.Query)) {
			continue
		}
		list = append(list, page)
	}
	return list, "", nil
}
