package confluencetest

import (
	"strings"
	"time"
)

// Space describes a space to add.
type Space struct {
	ID, Key, Name string // ID may be empty
	Type          string // "global" where empty
	Description   string
	Author        string
	Created       time.Time
	Readers       Readers
	NoHomepage    bool
}

// Page describes a page, blog post or folder to add. Everything but the title may be left out.
type Page struct {
	ID       string
	Title    string
	Parent   string // id of a page, folder or other node; the space's home page where empty
	Root     bool   // put it at the root of the space instead
	Body     string // storage format
	BodyFunc func() string
	Author   string
	Editor   string
	Created  time.Time
	Modified time.Time
	Version  int
	Labels   []string
	Readers  Readers
	Status   string // "current" where empty; also "archived", "trashed", "draft"
	Live     bool   // a live doc
}

// AddSpace adds a space, with a home page unless it shall have none, and returns its id.
func (s *Site) AddSpace(sp Space) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	added := &space{
		id: s.idOr(sp.ID), key: sp.Key, name: sp.Name, typ: or(sp.Type, "global"), status: statusCurrent,
		description: sp.Description, author: sp.Author, created: s.timeOr(sp.Created), readers: sp.Readers,
	}
	s.groupsOf(sp.Readers)
	s.spaces[added.id] = added
	if !sp.NoHomepage {
		added.homepage = s.add(added, typePage, Page{Title: sp.Name + " Home", Author: sp.Author, Created: sp.Created, Root: true}).id
	}
	return idString(added.id)
}

// HomePage returns the id of a space's home page.
func (s *Site) HomePage(spaceKey string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return idString(s.mustSpace(spaceKey).homepage)
}

// SetHomePage makes a page the home page of its space.
func (s *Site) SetHomePage(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.live(id)
	s.changeSpace(c.space, func(sp *space) { sp.homepage = c.id })
}

// AddPage adds a page and returns its id.
func (s *Site) AddPage(spaceKey string, p Page) string { return s.addTo(spaceKey, typePage, p) }

// AddBlogPost adds a blog post and returns its id.
func (s *Site) AddBlogPost(spaceKey string, p Page) string { return s.addTo(spaceKey, typeBlogPost, p) }

// AddFolder adds a folder and returns its id.
func (s *Site) AddFolder(spaceKey string, p Page) string { return s.addTo(spaceKey, typeFolder, p) }

// AddNode adds a node that has a place in the tree but no text: a "whiteboard", "database" or "embed".
func (s *Site) AddNode(spaceKey, typ string, p Page) string { return s.addTo(spaceKey, typ, p) }

func (s *Site) addTo(spaceKey, typ string, p Page) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(s.mustSpace(spaceKey), typ, p).apiID()
}

func (s *Site) add(sp *space, typ string, p Page) *content {
	c := &content{
		id: s.idOr(p.ID), typ: typ, space: sp.id, title: p.Title, status: or(p.Status, statusCurrent),
		author: p.Author, editor: or(p.Editor, p.Author), created: s.timeOr(p.Created), version: max(p.Version, 1),
		readers: p.Readers,
	}
	c.modified = c.created
	if !p.Modified.IsZero() {
		c.modified = p.Modified.UTC().Truncate(time.Millisecond)
	}
	for _, l := range p.Labels {
		c.labels = withLabel(c.labels, l)
	}
	s.groupsOf(p.Readers)
	if p.Live {
		c.subtype = "live"
	}
	switch typ {
	case typePage, typeBlogPost:
		c.body = p.BodyFunc
		if c.body == nil {
			c.body = text(p.Body)
		}
	}
	if typ != typeBlogPost {
		s.position += 100
		c.position = s.position
		switch {
		case p.Parent != "":
			c.parent = s.live(p.Parent).id
		case !p.Root:
			c.parent = sp.homepage
		}
	}
	s.put(c)
	return c
}

func (s *Site) groupsOf(r Readers) {
	for _, g := range r.Groups {
		s.addGroup(g)
	}
}

func (s *Site) idOr(id string) int64 {
	if n, ok := parseID(id); ok {
		s.lastID = max(s.lastID, n)
		return n
	}
	return s.nextID()
}

func (s *Site) timeOr(t time.Time) time.Time {
	if t.IsZero() {
		return s.now()
	}
	return t.UTC().Truncate(time.Millisecond)
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// change replaces a content by a changed copy, without a new version.
func (s *Site) change(id string, apply func(*content)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changeLocked(s.live(id), apply)
}

func (s *Site) changeLocked(c *content, apply func(*content)) {
	next := *c
	apply(&next)
	s.put(&next)
}

// publish is change with a new version.
func (s *Site) publish(id, editor string, apply func(*content)) {
	s.change(id, func(c *content) {
		before := *c
		c.prev, c.version, c.modified, c.minor, c.message = &before, c.version+1, s.now(), false, ""
		if editor != "" {
			c.editor = editor
		}
		apply(c)
	})
}

func (s *Site) changeSpace(id int64, apply func(*space)) {
	next := *s.spaces[id]
	apply(&next)
	s.spaces[id] = &next
}

// Edit publishes a new version with the body; editor may be empty.
func (s *Site) Edit(id, body, editor string) {
	s.publish(id, editor, func(c *content) { c.body = text(body) })
}

// EditMinor is Edit, marked as minor.
func (s *Site) EditMinor(id, body, editor string) {
	s.publish(id, editor, func(c *content) { c.body, c.minor = text(body), true })
}

// Rename publishes a new version with the title; a folder's version does not grow.
func (s *Site) Rename(id, title string) {
	s.publish(id, "", func(c *content) {
		if c.title = title; c.typ == typeFolder {
			c.version--
		}
	})
}

// SetState sets the coloured page status, which makes a version.
func (s *Site) SetState(id string, state State) {
	s.publish(id, "", func(c *content) { c.state = &state })
}

// SetVersion rewrites the version and its date, as imports and restored histories do.
func (s *Site) SetVersion(id string, number int, at time.Time) {
	s.change(id, func(c *content) { c.version, c.modified, c.prev = number, at.UTC().Truncate(time.Millisecond), nil })
}

// Redact changes the body of all versions without a new one.
func (s *Site) Redact(id, old, replacement string) {
	s.change(id, func(c *content) {
		c.body, c.prev = text(strings.ReplaceAll(c.body(), old, replacement)), nil
	})
}

// SetProperty sets a content property.
func (s *Site) SetProperty(id, key string, value any) {
	s.change(id, func(c *content) {
		properties := map[string]any{key: value}
		for k, v := range c.property {
			if k != key {
				properties[k] = v
			}
		}
		c.property = properties
	})
}
