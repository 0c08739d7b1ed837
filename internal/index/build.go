package index

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/sluicehq/sluice/internal/convert"
	"github.com/sluicehq/sluice/internal/wiki"
)

// baseContext is what the conversion knows before any look-up.
func baseContext(src Source, in Input) convert.Context {
	return convert.Context{
		BaseURL: src.BaseURL, JiraBaseURL: src.JiraBaseURL,
		Page:   convert.PageInfo{ID: in.Content.ID, SpaceKey: src.SpaceKey, Title: in.Content.Title, URL: in.Content.URL},
		Legacy: src.Deployment == wiki.DataCenter,
	}
}

// build converts a page and splits it.
func build(src Source, in Input, d document, known *lookups) (p Page, err error) {
	defer recovered(in.Content.ID, &err)
	ref := in.Content.ContentRef
	ref.Title, ref.URL = clean(ref.Title), clean(ref.URL)
	cctx := baseContext(src, in)
	cctx.Users, cctx.Pages, cctx.JiraProjects, cctx.Rendered = known.users, known.pages, known.projects, in.Rendered
	cctx.Includes = known.included
	cctx.Attachments = make(map[string]string, len(in.Attachments))
	for _, a := range in.Attachments {
		cctx.Attachments[a.Title] = a.ID
	}
	result := d.doc.Convert(cctx)
	hash := sha256.Sum256([]byte(in.Content.Storage))
	r := Record{
		SourceID: src.ID, SpaceKey: src.SpaceKey, Ref: ref, AuthorName: known.users[ref.EditorID],
		CreatedByName: known.users[ref.AuthorID], Ancestors: in.Ancestors, Labels: cleanAll(in.Labels),
		Markdown: result.Markdown, OwnRestricted: in.OwnRestricted, Restricted: in.Restricted, ConverterVersion: Version(),
		ContentHash: hash[:], Storage: in.Content.Storage, TextConfig: src.TextConfig, FetchedAt: in.FetchedAt,
		Reprocessed: in.Reprocessed,
	}
	for _, k := range result.JiraKeys {
		r.JiraKeys = append(r.JiraKeys, k.Key)
	}
	slices.Sort(r.JiraKeys)
	r.JiraKeys = slices.Compact(r.JiraKeys)
	r.Metadata = metadataOf(src, in, result, r)
	return Page{Record: r, Chunks: split(r, result)}, nil
}

func metadataOf(src Source, in Input, result convert.Result, r Record) Metadata {
	m := Metadata{
		Ancestors: r.Ancestors, CreatedBy: Author{ID: r.Ref.AuthorID, Name: r.CreatedByName}, Labels: r.Labels,
		JiraLinks: []JiraLink{}, Mentions: []Mention{}, InternalLinks: []PageLink{}, ExternalLinks: []OutLink{},
		Assets: assets(in, result), WordCount: result.WordCount, ContentLength: len(in.Content.Storage), Macros: result.Macros,
	}
	if m.Ancestors == nil {
		m.Ancestors = []Crumb{}
	}
	for _, k := range result.JiraKeys {
		m.JiraLinks = append(m.JiraLinks, JiraLink{Key: k.Key, Tier: int(k.Tier), URL: wiki.IssueURL(src.JiraBaseURL, k.Key)})
	}
	for _, u := range result.Mentions {
		m.Mentions = append(m.Mentions, Mention{ID: u.ID, Name: u.Name})
	}
	for _, l := range result.PageLinks {
		link := PageLink{PageID: l.ID, SpaceKey: l.SpaceKey, Title: firstOf(l.Title, l.Label, l.URL), URL: l.URL}
		if l.Kind == convert.KindInclude {
			link.Kind = KindInclude
		}
		m.InternalLinks = append(m.InternalLinks, link)
	}
	for _, l := range result.ExternalLinks {
		m.ExternalLinks = append(m.ExternalLinks, OutLink{URL: l.URL, Title: firstOf(l.Label, l.URL)})
	}
	for _, t := range result.Tasks {
		m.Tasks = append(m.Tasks, Task(t))
	}
	if len(result.Properties) > 0 {
		m.Properties = make(map[string]string, len(result.Properties))
		for key, values := range result.Properties {
			m.Properties[key] = strings.Join(values, ", ")
		}
	}
	m.Rendered, m.Children = in.Rendered, in.Children
	for _, c := range result.Report.Dropped {
		m.Dropped = append(m.Dropped, counted(c.What, c.Count))
	}
	for _, c := range result.Report.Dynamic {
		m.Dropped = append(m.Dropped, counted("content of "+c.What, c.Count))
	}
	return m
}

func counted(what string, n int) string {
	if n == 1 {
		return what
	}
	return fmt.Sprintf("%s (%d times)", what, n)
}

// assets are the page's files: as the site lists them, and where it was not asked, those that the page itself names.
func assets(in Input, result convert.Result) []wiki.Attachment {
	if in.Attachments != nil {
		return in.Attachments
	}
	list := []wiki.Attachment{}
	for _, a := range result.Attachments {
		if a.PageID == "" || a.PageID == in.Content.ID {
			list = append(list, wiki.Attachment{ID: a.ID, Title: a.Name, URL: a.URL})
		}
	}
	return list
}

// sectionURL opens a page at a section.
func sectionURL(page, anchor string) string {
	if anchor == "" {
		return page
	}
	return page + "#" + (&url.URL{Fragment: anchor}).EscapedFragment()
}

// hashOf is the identity of a chunk's content: equal hashes have the same words and the same vector. The lengths keep
// neighbouring parts from running into one another.
func hashOf(parts ...string) [32]byte {
	h := sha256.New()
	var n [8]byte
	for _, p := range parts {
		binary.LittleEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return [32]byte(h.Sum(nil))
}

// Postgres takes no NUL in text and no other control characters belong in names.
var controls = regexp.MustCompile(`[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]`)

func clean(s string) string { return controls.ReplaceAllString(strings.ToValidUTF8(s, "\uFFFD"), "") }

func cleanAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = clean(s)
	}
	return out
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}
