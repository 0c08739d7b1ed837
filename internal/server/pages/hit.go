package pages

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/markdown"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/wiki"
	"github.com/sluicehq/sluice/web/views"
)

// shownCrumbs is how many breadcrumbs of a hit are shown; of longer paths the middle is left out.
const shownCrumbs = 4

func hitView(q query, h search.Hit, dir directoryEntry, now time.Time) views.Hit {
	title := h.TitleMarked
	if title == "" {
		title = h.Title
	}
	view := views.Hit{
		ID: h.PageID, Title: title, URL: hitURL(q, h, ""), SourceURL: h.URL, Space: h.SpaceKey, SpaceURL: q.with("space", h.SpaceKey),
		Crumbs: cutCrumbs(h.Breadcrumbs), CrumbsFull: strings.Join(h.Breadcrumbs, " / "), Section: sectionOf(h.SectionTitle, h.Title),
		Author: h.Author, AuthorURL: q.with("author", h.Author), Updated: stamp(h.LastModified, now), Restricted: h.Restricted, AlsoIn: h.AlsoIn,
		Score: decimals(h.Score),
	}
	if len(h.Passages) > 0 {
		view.URL = hitURL(q, h, h.Passages[0].Anchor)
		view.Snippet = snippetView(h.Passages[0].Snippet, h.Passages[0].Code)
		if h.Passages[0].URL != "" {
			view.SourceURL = h.Passages[0].URL
		}
		for _, passage := range h.Passages[1:] {
			view.Passages = append(view.Passages, views.HitPassage{
				Section: sectionOf(passage.SectionTitle, h.Title), Snippet: snippetView(passage.Snippet, passage.Code), URL: hitURL(q, h, passage.Anchor),
			})
		}
	}
	if h.Type == "blogpost" {
		view.Type = "Blog post"
	}
	for _, label := range h.Labels[:min(len(h.Labels), 6)] {
		view.Labels = append(view.Labels, views.LinkText{Text: label, URL: addFilter(q, "label", label)})
	}
	for _, key := range h.JiraKeys[:min(len(h.JiraKeys), 6)] {
		view.Jira = append(view.Jira, views.JiraChip{Key: key, FilterURL: addFilter(q, "jira", key), IssueURL: wiki.IssueURL(dir.jira[h.SourceID], key)})
	}
	if h.Explain != nil {
		view.Explain, view.ExplainTerms = explainView(*h.Explain)
	}
	return view
}

// sectionOf is the section of a match where it says more than the title, which stands above it anyway.
func sectionOf(section, title string) string {
	if strings.EqualFold(strings.TrimSpace(section), strings.TrimSpace(title)) {
		return ""
	}
	return section
}

// addFilter sets a filter; one that is on already stays on.
func addFilter(q query, name, value string) string {
	if slices.Contains(q.Values[name], value) {
		return q.change(func(url.Values) {})
	}
	return q.toggle(name, value)
}

// hitURL opens our view of a hit at a section, with the words and sections that matched.
func hitURL(q query, h search.Hit, anchor string) string {
	values := url.Values{}
	if text := q.Get("q"); text != "" {
		values.Set("q", text)
	}
	for _, passage := range h.Passages {
		if passage.Anchor != "" && !slices.Contains(values["at"], passage.Anchor) {
			values.Add("at", passage.Anchor)
		}
	}
	target := pageURL(h.SourceID, h.PageID)
	if len(values) > 0 {
		target += "?" + values.Encode()
	}
	if anchor != "" {
		target += "#" + url.PathEscape(markdown.AnchorPrefix+anchor)
	}
	return target
}

// cutCrumbs keeps both ends of a long path.
func cutCrumbs(crumbs []string) []string {
	if len(crumbs) <= shownCrumbs {
		return crumbs
	}
	return append([]string{crumbs[0], "…"}, crumbs[len(crumbs)-2:]...)
}

func explainView(e search.Explain) (parts []views.Param, terms []views.TermRow) {
	leg := func(name string, l *search.LegExplain) {
		if l == nil {
			return
		}
		score := decimals(l.Score)
		if l.OtherPassages > 0 {
			score += " (" + decimals(l.OtherPassages) + " of it from other passages)"
		}
		rank := "not among its first"
		if l.Rank > 0 {
			rank = "rank " + strconv.Itoa(l.Rank)
		}
		parts = append(parts, views.Param{Name: name, Value: fmt.Sprintf("%s, score %s, normalised %s × weight %s",
			rank, score, decimals(l.Normalised), decimals(l.Weight))})
	}
	parts = append(parts, views.Param{Name: "Found by", Value: strings.Join(e.Legs, " and ")})
	leg("Keyword (BM25)", e.Keyword)
	leg("Vector (cosine)", e.Vector)
	for _, b := range e.Boosts {
		parts = append(parts, views.Param{Name: "Boost", Value: b.Reason + " +" + decimals(b.Value)})
	}
	parts = append(parts, views.Param{Name: "Fused", Value: decimals(e.FusedScore)})
	for _, t := range e.Terms {
		terms = append(terms, views.TermRow{Term: t.Term, DF: count(t.DF), IDF: decimals(t.IDF), Score: decimals(t.Score)})
	}
	return parts, terms
}

func decimals(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) }
