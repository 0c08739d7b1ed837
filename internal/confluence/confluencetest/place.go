package confluencetest

import (
	"slices"
	"strings"
	"time"
)

// Move puts a page or folder, with everything under it, under another parent; an empty parent is the root of the
// space. No version is made.
func (s *Site) Move(id, parentID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.live(id)
	if parentID == "" {
		s.changeLocked(c, func(c *content) { c.parent = 0 })
		return
	}
	s.moveUnder(c, s.live(parentID))
}

// MoveToSpace puts a page, with everything under it, into another space: under its home page, or the parent.
func (s *Site) MoveToSpace(id, spaceKey, parentID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if parentID == "" {
		parentID = idString(s.mustSpace(spaceKey).homepage)
	}
	s.moveUnder(s.live(id), s.live(parentID))
}

func (s *Site) moveUnder(c, parent *content) {
	if slices.ContainsFunc(s.tree(c), func(d *content) bool { return d.id == parent.id }) {
		panic("confluencetest: a page cannot move under itself")
	}
	for _, d := range s.tree(c) {
		s.changeLocked(d, func(d *content) {
			d.space = parent.space
			if d.id == c.id {
				d.parent = parent.id
			}
		})
	}
}

// Trash puts a page into the trash; its children move up to its parent. Attachments and comments go with it.
func (s *Site) Trash(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.live(id)
	for _, childID := range slices.Clone(s.byParent[c.id]) {
		if child := s.contents[childID]; child.isTree() {
			s.changeLocked(child, func(child *content) { child.parent = c.parent })
		}
	}
	s.trash(s.tree(c))
}

// TrashTree puts a page and everything under it into the trash.
func (s *Site) TrashTree(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trash(s.tree(s.live(id)))
}

func (s *Site) trash(all []*content) {
	for _, c := range all {
		s.changeLocked(c, func(c *content) {
			c.status = statusTrashed
			if c.isTree() {
				c.parent = 0
			}
		})
	}
}

// Restore takes a page, with its attachments and comments, out of the trash and puts it under the home page. The
// version and its date stay.
func (s *Site) Restore(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	root := s.live(id)
	for _, c := range s.tree(root) {
		s.changeLocked(c, func(c *content) {
			c.status = statusCurrent
			if home := s.spaces[c.space].homepage; c.id == root.id && c.isTree() && c.id != home {
				c.parent = home
			}
		})
	}
}

// Purge removes a content for good; what is under it moves up.
func (s *Site) Purge(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.live(id)
	for _, childID := range slices.Clone(s.byParent[c.id]) {
		child := s.contents[childID]
		if child.isTree() {
			s.changeLocked(child, func(child *content) { child.parent = c.parent })
			continue
		}
		s.drop(child)
	}
	s.drop(c)
}

// Archive archives a page; what is under it stays.
func (s *Site) Archive(id string) { s.change(id, func(c *content) { c.status = statusArchived }) }

// Unarchive makes an archived page current again. The version and its date stay.
func (s *Site) Unarchive(id string) { s.change(id, func(c *content) { c.status = statusCurrent }) }

// ConvertToBlogPost makes a page a blog post; the id stays.
func (s *Site) ConvertToBlogPost(id string) {
	s.publish(id, "", func(c *content) { c.typ, c.parent = typeBlogPost, 0 })
}

// RenameSpace changes the name of a space.
func (s *Site) RenameSpace(key, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changeSpace(s.mustSpace(key).id, func(sp *space) { sp.name = name })
}

// RestrictSpace limits who sees a space; no names opens it to everybody.
func (s *Site) RestrictSpace(key string, readers Readers) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groupsOf(readers)
	s.changeSpace(s.mustSpace(key).id, func(sp *space) { sp.readers = readers })
}

// ArchiveSpace archives a space: search no longer shows it.
func (s *Site) ArchiveSpace(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changeSpace(s.mustSpace(key).id, func(sp *space) { sp.status = statusArchived })
}

// DeleteSpace removes a space and all that is in it.
func (s *Site) DeleteSpace(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.mustSpace(key)
	for _, id := range slices.Clone(s.bySpace[sp.id]) {
		s.drop(s.contents[id])
	}
	delete(s.spaces, sp.id)
}

// Restrict names who may read a content and so everything under it; an empty list lifts the restriction.
func (s *Site) Restrict(id string, readers Readers) {
	s.change(id, func(c *content) {
		s.groupsOf(readers)
		c.readers = readers
	})
}

// RestrictEdit names who may edit a content.
func (s *Site) RestrictEdit(id string, editors Readers) {
	s.change(id, func(c *content) {
		s.groupsOf(editors)
		c.editors = editors
	})
}

// Label adds labels: "name", or "prefix:name" for the prefixes my, team and system.
func (s *Site) Label(id string, labels ...string) {
	s.change(id, func(c *content) {
		for _, l := range labels {
			c.labels = withLabel(c.labels, l)
		}
	})
}

// Unlabel removes labels.
func (s *Site) Unlabel(id string, labels ...string) {
	s.change(id, func(c *content) {
		c.labels = slices.DeleteFunc(slices.Clone(c.labels), func(l string) bool { return slices.Contains(labels, l) })
	})
}

func withLabel(labels []string, l string) []string {
	l = strings.ToLower(l)
	if slices.Contains(labels, l) {
		return labels
	}
	return append(slices.Clone(labels), l)
}

// splitLabel returns prefix and name.
func splitLabel(l string) (prefix, name string) {
	if prefix, name, ok := strings.Cut(l, ":"); ok {
		return prefix, name
	}
	return "global", l
}

// Attachment describes a file to attach. Size may be larger than Data, which may be nil.
type Attachment struct {
	ID, Name, MediaType string
	Data                []byte
	Size                int64
	Author              string
	Created             time.Time
	Version             int
}

// Attach attaches a file and returns its id, "att…". A file of that name gets a new version.
func (s *Site) Attach(id string, a Attachment) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.live(id)
	for _, old := range s.children(c.id, typeAttachment) {
		if old.title == a.Name {
			s.changeLocked(old, func(old *content) {
				old.version, old.modified, old.data, old.size = old.version+1, s.now(), a.Data, max(a.Size, int64(len(a.Data)))
			})
			return old.apiID()
		}
	}
	file := &content{
		id: s.idOr(a.ID), typ: typeAttachment, space: c.space, parent: c.id, title: a.Name, status: c.status, author: a.Author,
		editor: a.Author, created: s.timeOr(a.Created), version: max(a.Version, 1),
		mediaType: or(a.MediaType, "application/octet-stream"), data: a.Data, size: max(a.Size, int64(len(a.Data))),
	}
	file.modified = file.created
	s.put(file)
	return file.apiID()
}

// Comment describes a comment to add.
type Comment struct {
	Body   string
	Author string
	Inline bool
	Reply  string // id of the comment that it answers
}

// AddComment adds a comment to a page and returns its id.
func (s *Site) AddComment(id string, comment Comment) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.live(id)
	added := &content{
		id: s.nextID(), typ: typeComment, space: c.space, parent: c.id, title: "Re: " + c.title, status: statusCurrent,
		author: comment.Author, editor: comment.Author, created: s.now(), modified: s.now(), version: 1,
		body: text(comment.Body), inline: comment.Inline,
	}
	if comment.Reply != "" {
		added.reply = s.live(comment.Reply).id
	}
	s.put(added)
	return added.apiID()
}
