package confluencetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The content types, as the API names them.
const (
	typePage       = "page"
	typeBlogPost   = "blogpost"
	typeFolder     = "folder"
	typeAttachment = "attachment"
	typeComment    = "comment"
)

// The statuses.
const (
	statusCurrent  = "current"
	statusArchived = "archived"
	statusTrashed  = "trashed"
	statusDraft    = "draft"
)

// Readers names who may read (or edit) a content; no names at all means everybody who may see the space.
type Readers struct {
	Users  []string // account ids
	Groups []string // group names
}

func (r Readers) empty() bool { return len(r.Users) == 0 && len(r.Groups) == 0 }

// space is one space; values are replaced, never changed.
type space struct {
	id          int64
	key, name   string
	typ, status string
	description string
	homepage    int64
	author      string
	created     time.Time
	readers     Readers
}

// content is one state of a page, blog post, folder, attachment, comment or other node. Values are replaced, never
// changed, so that the search index can go on showing an older one.
type content struct {
	id        int64
	typ       string
	space     int64
	title     string
	status    string
	subtype   string // "live" or empty
	parent    int64  // 0 at the root; the container of attachments and comments
	position  int
	author    string
	created   time.Time
	editor    string
	modified  time.Time
	version   int
	minor     bool
	message   string
	body      func() string
	labels    []string // "name", or "prefix:name" where the prefix is not global
	readers   Readers
	editors   Readers
	state     *State
	property  map[string]any
	mediaType string // attachments
	data      []byte
	size      int64
	inline    bool // comments
	reply     int64
	prev      *content // the version before, where it is kept
}

// State is the coloured page status.
type State struct{ Name, Color string }

func text(s string) func() string { return func() string { return s } }

func (c *content) hasBody() bool { return c.body != nil }

// isTree tells whether the content has a place in the tree of a space.
func (c *content) isTree() bool {
	return c.typ != typeAttachment && c.typ != typeComment && c.typ != typeBlogPost
}

// apiID is the id as the API writes it.
func (c *content) apiID() string {
	if c.typ == typeAttachment {
		return "att" + strconv.FormatInt(c.id, 10)
	}
	return strconv.FormatInt(c.id, 10)
}

func idString(id int64) string { return strconv.FormatInt(id, 10) }

// parseID reads an id as a caller may write it.
func parseID(s string) (int64, bool) {
	id, err := strconv.ParseInt(strings.TrimPrefix(s, "att"), 10, 64)
	return id, err == nil && id > 0
}

// live returns the content with the id, or panics.
func (s *Site) live(id string) *content {
	n, ok := parseID(id)
	c := s.contents[n]
	if !ok || c == nil {
		panic(fmt.Sprintf("confluencetest: there is no content %q", id))
	}
	return c
}

func (s *Site) spaceByKey(key string) *space {
	for _, sp := range s.spaces {
		if strings.EqualFold(sp.key, key) {
			return sp
		}
	}
	return nil
}

func (s *Site) mustSpace(key string) *space {
	sp := s.spaceByKey(key)
	if sp == nil {
		panic(fmt.Sprintf("confluencetest: there is no space %q", key))
	}
	return sp
}

// nextID hands out ids that grow, with gaps, beyond 32 bits.
func (s *Site) nextID() int64 {
	s.lastID += 1 + int64(s.random.IntN(90))
	return s.lastID
}

// put stores a new or changed content and tells the index.
func (s *Site) put(c *content) {
	old := s.contents[c.id]
	if old != nil {
		s.unlink(old)
	}
	s.contents[c.id] = c
	s.link(c)
	s.touch(c.id)
}

// drop forgets a content.
func (s *Site) drop(c *content) {
	s.unlink(c)
	delete(s.contents, c.id)
	s.purged[c.apiID()] = true
	s.touch(c.id)
}

// link files the content under its space and its parent.
func (s *Site) link(c *content) {
	insertSorted(s.bySpace, c.space, c.id)
	if c.parent != 0 {
		insertSorted(s.byParent, c.parent, c.id)
	}
}

func (s *Site) unlink(c *content) {
	removeSorted(s.bySpace, c.space, c.id)
	removeSorted(s.byParent, c.parent, c.id)
}

func insertSorted(m map[int64][]int64, key, id int64) {
	i, found := slices.BinarySearch(m[key], id)
	if !found {
		m[key] = slices.Insert(m[key], i, id)
	}
}

func removeSorted(m map[int64][]int64, key, id int64) {
	if i, found := slices.BinarySearch(m[key], id); found {
		m[key] = slices.Delete(m[key], i, i+1)
	}
}

// ancestors returns the contents above c, root first. A cycle or a gap ends the chain.
func (s *Site) ancestors(c *content) []*content {
	var chain []*content
	for at := c; at.parent != 0 && len(chain) < 1000; {
		at = s.contents[at.parent]
		if at == nil {
			break
		}
		chain = append(chain, at)
	}
	slices.Reverse(chain)
	return chain
}

// children returns the contents directly under id of the wanted types, in id order.
func (s *Site) children(id int64, types ...string) []*content {
	var out []*content
	for _, child := range s.byParent[id] {
		if c := s.contents[child]; slices.Contains(types, c.typ) {
			out = append(out, c)
		}
	}
	return out
}

// tree returns c and everything under it.
func (s *Site) tree(c *content) []*content {
	out := []*content{c}
	for i := 0; i < len(out); i++ {
		for _, id := range s.byParent[out[i].id] {
			out = append(out, s.contents[id])
		}
	}
	return out
}
