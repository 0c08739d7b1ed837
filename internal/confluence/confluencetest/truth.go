package confluencetest

import (
	"slices"
	"time"
)

// Truth is what the site holds of one current page or blog post.
type Truth struct {
	ID, Type, Title string
	ParentID        string
	Version         int
	Modified        time.Time
	Storage         string
	HasBody         bool
	Ancestors       []string // ids, root first
	Labels          []string // sorted
	// Restricted: the page or something above it names its readers. OwnRestricted: the page itself does.
	Restricted, OwnRestricted bool
	Attachments               []string // file names, sorted
}

// Truth returns the current pages and blog posts of a space that the account may read, by id: what a sync must end
// with.
func (s *Site) Truth(spaceKey, accountID string) []Truth {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sp, u := s.spaceByKey(spaceKey), s.users[accountID]
	if sp == nil || u == nil {
		return nil
	}
	var out []Truth
	for _, id := range s.bySpace[sp.id] {
		c := s.contents[id]
		if c.status != statusCurrent || c.typ != typePage && c.typ != typeBlogPost || !s.sees(u, c) {
			continue
		}
		t := Truth{
			ID: c.apiID(), Type: c.typ, Title: c.title, Version: c.version, Modified: c.modified, HasBody: c.hasBody(),
			Labels: publicLabels(c.labels), Restricted: s.restricted(c), OwnRestricted: !c.readers.empty(),
		}
		if c.parent != 0 {
			t.ParentID = idString(c.parent)
		}
		if c.hasBody() {
			t.Storage = c.body()
		}
		for _, a := range s.ancestors(c) {
			t.Ancestors = append(t.Ancestors, a.apiID())
		}
		for _, a := range s.children(c.id, typeAttachment) {
			if a.status == statusCurrent {
				t.Attachments = append(t.Attachments, a.title)
			}
		}
		slices.Sort(t.Attachments)
		out = append(out, t)
	}
	return out
}

// StatusOf returns the status of a content: "current", "archived", "trashed" or "draft"; empty where there is none.
func (s *Site) StatusOf(id string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n, ok := parseID(id)
	if c := s.contents[n]; ok && c != nil {
		return c.status
	}
	return ""
}

// SpaceOf returns the key of the space that a content is in; empty where there is no such content.
func (s *Site) SpaceOf(id string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n, ok := parseID(id)
	if c := s.contents[n]; ok && c != nil {
		return s.spaces[c.space].key
	}
	return ""
}

// SpaceKeys returns the keys of all spaces, sorted.
func (s *Site) SpaceKeys() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	keys := make([]string, 0, len(s.spaces))
	for _, sp := range s.spaces {
		keys = append(keys, sp.key)
	}
	slices.Sort(keys)
	return keys
}

// publicLabels are the labels that everybody sees, by name.
func publicLabels(labels []string) []string {
	var out []string
	for _, l := range labels {
		if prefix, name := splitLabel(l); prefix != "my" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
