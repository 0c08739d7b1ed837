package mcp

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/server/visible"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

type pageInput struct {
	PageID    string `json:"page_id" jsonschema:"the page, as search results name it"`
	SourceID  string `json:"source_id,omitempty" jsonschema:"needed only where two sites use the same page id"`
	Section   string `json:"section,omitempty" jsonschema:"only the section with this heading, and what is below it"`
	Offset    int    `json:"offset,omitempty" jsonschema:"next_offset of the part before"`
	MaxTokens int    `json:"max_tokens,omitempty" jsonschema:"budget for the answer, default 4000"`
}

type pageOutput struct {
	PageID       string    `json:"page_id"`
	SourceID     string    `json:"source_id"`
	Space        string    `json:"space"`
	Title        string    `json:"title"`
	URL          string    `json:"url"`
	Version      int       `json:"version"`
	LastModified time.Time `json:"last_modified"`
	Author       string    `json:"author"`
	Labels       []string  `json:"labels"`
	JiraKeys     []string  `json:"jira_keys"`
	Sections     []string  `json:"sections"`
	NextOffset   int       `json:"next_offset,omitempty"`
}

// find returns the page, if this role may see it.
func (t *tools) find(ctx context.Context, sourceID, pageID string) (sources.Page, error) {
	if pageID == "" {
		return sources.Page{}, wiki.Invalid("page_id", "is required")
	}
	var (
		page sources.Page
		err  error
	)
	if sourceID != "" {
		page, err = t.Sources.Page(ctx, sourceID, pageID)
	} else {
		page, err = t.Sources.FindPage(ctx, pageID)
	}
	if err != nil {
		return sources.Page{}, err
	}
	if page.Status == "deleted" {
		return sources.Page{}, fmt.Errorf("page %s is deleted: %w", pageID, wiki.ErrNotFound)
	}
	return visible.Page(page, t.admin)
}

func (t *tools) getPage(ctx context.Context, in pageInput) (string, pageOutput, error) {
	page, err := t.find(ctx, in.SourceID, in.PageID)
	if err != nil {
		return "", pageOutput{}, err
	}
	outline := headings(page.Markdown)
	body := page.Markdown
	if in.Section != "" {
		part, ok := section(page.Markdown, outline, in.Section)
		if !ok {
			return "", pageOutput{}, wiki.Invalid("section", "the page has no such heading; it has: "+strings.Join(titles(outline, 50), "; "))
		}
		body = part
	}
	if in.Offset < 0 || in.Offset > len(body) {
		return "", pageOutput{}, wiki.Invalid("offset", "is past the end of the text")
	}
	tokens := budget(in.MaxTokens)
	part, next := slice(body, in.Offset, (tokens-150)*bytesPerToken)
	out := pageOutput{
		PageID: page.PageID, SourceID: page.SourceID, Space: page.SpaceKey, Title: inline(page.Title), URL: page.URL,
		Version: page.Version, LastModified: page.LastModified, Author: inline(page.Author), Labels: append([]string{}, page.Labels...),
		JiraKeys: []string{}, Sections: titles(outline, 200), NextOffset: next,
	}
	for _, key := range page.JiraKeys {
		out.JiraKeys = append(out.JiraKeys, key.Key)
	}
	return renderPage(page, out, part, tokens), out, nil
}

func renderPage(page sources.Page, out pageOutput, part string, tokens int) string {
	a := newAnswer(tokens + 200) // the part is within the budget; the lines about it come on top
	a.printf("%s\nurl: %s\nspace: %s  version: %d  updated: %s by %s\n", out.Title, out.URL, out.Space, out.Version,
		out.LastModified.Format(time.DateOnly), out.Author)
	if len(page.Breadcrumbs) > 0 {
		crumbs := make([]string, len(page.Breadcrumbs))
		for i, b := range page.Breadcrumbs {
			crumbs[i] = inline(b.Title)
		}
		a.printf("in: %s\n", cutText(strings.Join(crumbs, " > "), 300))
	}
	a.untrusted(part)
	if out.NextOffset > 0 {
		a.printf("The text goes on: offset=%d\n", out.NextOffset)
	}
	return a.String()
}

// slice returns the part of text from offset that fits most bytes, cut between paragraphs or lines where it can be, and
// the offset of the next part (0 at the end).
func slice(text string, offset, most int) (part string, next int) {
	for offset > 0 && offset < len(text) && !startsRune(text[offset]) {
		offset++
	}
	rest := text[offset:]
	most = max(most, 200)
	if len(rest) <= most {
		return rest, 0
	}
	end := most
	for !startsRune(rest[end]) {
		end--
	}
	for _, separator := range []string{"\n\n", "\n", " "} {
		if i := strings.LastIndex(rest[:end], separator); i > most/2 {
			end = i + len(separator)
			break
		}
	}
	return rest[:end], offset + end
}

func startsRune(b byte) bool { return b&0xC0 != 0x80 }
