package spacesync_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

// content is one content of the fake site.
type content struct {
	ref        wiki.ContentRef
	body       string
	labels     []string
	restricted bool // own
	hidden     bool // from the account, by a restriction that does not name it
	files      []wiki.Attachment
	filesAt    time.Time
}

// fakeSite is a Confluence site in memory. Its search index is a snapshot that follows when the test says so; faults are
// a function of the call.
type fakeSite struct {
	mu       sync.Mutex
	now      time.Time
	me       string
	spaces   map[string]*wiki.Space
	contents map[string]*content
	index    map[string]content // what the search index holds
	lag      bool               // the index does not follow by itself
	old      bool               // Data Center: no listing by modification date
	nextID   int
	calls    int
	heard    bool // the clock: there has been an answer
	trace    []string
	fault    func(call string, ids []string) error
	hold     string            // a call of this name takes for ever
	held     chan struct{}     // and says so here
	between  func(call string) // runs after the rows of a listing were read, before they are returned
}

var _ spacesync.Site = (*fakeSite)(nil)

func newFake(keys ...string) *fakeSite {
	f := &fakeSite{
		now: time.Now().UTC().Truncate(time.Millisecond).Add(-72 * time.Hour), me: "me", spaces: map[string]*wiki.Space{},
		contents: map[string]*content{}, index: map[string]content{}, nextID: 1000, held: make(chan struct{}, 100),
	}
	for i, key := range keys {
		f.spaces[key] = &wiki.Space{ID: strconv.Itoa(900 + i), Key: key, Name: key, Type: "global", Status: "current"}
	}
	return f
}

// add makes a content; its body holds a word of its own.
func (f *fakeSite) add(key string, typ wiki.ContentType, parent, title string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nextID++
	id := strconv.Itoa(f.nextID)
	f.now = f.now.Add(time.Second)
	c := &content{body: "<p>word" + id + "v1</p>", ref: wiki.ContentRef{
		ID: id, Type: typ, Status: wiki.StatusCurrent, Title: title, SpaceID: f.spaces[key].ID, ParentID: parent, Version: 1,
		VersionAt: f.now, EditorID: "u1", AuthorID: "u1", CreatedAt: f.now, Position: f.nextID, URL: "https://wiki.test/" + key + "/" + id,
	}}
	if parent != "" {
		c.ref.ParentType = string(f.contents[parent].ref.Type)
	}
	f.contents[id] = c
	f.follow()
	return id
}

// change changes a content without a new version.
func (f *fakeSite) change(id string, how func(c *content)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(time.Second)
	how(f.contents[id])
	f.follow()
}

// edit makes a new version.
func (f *fakeSite) edit(id string, how func(c *content)) {
	f.change(id, func(c *content) {
		c.ref.Version++
		c.ref.VersionAt = f.now
		c.body = fmt.Sprintf("<p>word%sv%d</p>", id, c.ref.Version)
		if how != nil {
			how(c)
		}
	})
}

func (f *fakeSite) drop(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.contents, id)
	f.follow()
}

func (f *fakeSite) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fakeSite) sleep(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// follow brings the search index up to date, unless it lags; the caller holds the lock.
func (f *fakeSite) follow() {
	if f.lag {
		return
	}
	f.index = make(map[string]content, len(f.contents))
	for id, c := range f.contents {
		f.index[id] = *c
	}
}

// call counts a request and returns its fault.
func (f *fakeSite) call(ctx context.Context, name string, ids ...string) error {
	f.mu.Lock()
	f.calls++
	f.heard = true
	f.trace = append(f.trace, name)
	fault, hold := f.fault, f.hold
	f.mu.Unlock()
	if name == hold { // until the run gives up
		f.held <- struct{}{}
		<-ctx.Done()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if fault != nil {
		return fault(name, ids)
	}
	return nil
}

func (f *fakeSite) took() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.calls
	f.calls, f.trace = 0, nil
	return n
}

// above are the ancestors of a content, nearest first; the caller holds the lock.
func (f *fakeSite) above(c *content) []*content {
	var list []*content
	for p := c.ref.ParentID; p != "" && len(list) < 100; {
		a := f.contents[p]
		if a == nil {
			break
		}
		list = append(list, a)
		p = a.ref.ParentID
	}
	return list
}

// visible: the account may read it.
func (f *fakeSite) visible(c *content) bool {
	return !c.hidden && !slices.ContainsFunc(f.above(c), func(a *content) bool { return a.hidden })
}

// isRestricted: by itself or an ancestor.
func (f *fakeSite) isRestricted(c *content) bool {
	return c.restricted || slices.ContainsFunc(f.above(c), func(a *content) bool { return a.restricted })
}

// rows are the contents that a listing has.
func (f *fakeSite) rows(spaceID string, keep func(c *content) bool) []content {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []content
	for _, c := range f.contents {
		if c.ref.SpaceID == spaceID && c.ref.Status == wiki.StatusCurrent && f.visible(c) && keep(c) {
			list = append(list, *c)
		}
	}
	return list
}

const rowsAtOnce = 250

// pages yields rows as a paged listing would.
func pages[T any](ctx context.Context, f *fakeSite, name string, list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		for first := true; first || len(list) > 0; first = false {
			if err := f.call(ctx, name); err != nil {
				yield(zero, err)
				return
			}
			if first && f.between != nil {
				f.between(name)
			}
			for _, row := range list[:min(len(list), rowsAtOnce)] {
				if !yield(row, nil) {
					return
				}
			}
			list = list[min(len(list), rowsAtOnce):]
		}
	}
}

func refsOf(list []content) []wiki.ContentRef {
	refs := make([]wiki.ContentRef, len(list))
	for i, c := range list {
		refs[i] = c.ref
	}
	return refs
}

func (f *fakeSite) Me(ctx context.Context) (wiki.User, time.Time, error) {
	err := f.call(ctx, "me")
	f.mu.Lock()
	defer f.mu.Unlock()
	return wiki.User{ID: f.me}, f.now, err
}

func (f *fakeSite) Space(ctx context.Context, key string) (wiki.Space, error) {
	if err := f.call(ctx, "space"); err != nil {
		return wiki.Space{}, err
	}
	if s := f.spaces[key]; s != nil {
		return *s, nil
	}
	return wiki.Space{}, wiki.ErrNotFound
}

func (f *fakeSite) ChangedSince(ctx context.Context, key string, window time.Duration) iter.Seq2[wiki.ContentRef, error] {
	f.mu.Lock()
	var list []content
	for _, c := range f.index {
		if f.spaces[key] != nil && c.ref.SpaceID == f.spaces[key].ID && c.ref.Status == wiki.StatusCurrent && c.ref.Type != "folder" &&
			!c.ref.VersionAt.Before(f.now.Add(-window).Truncate(time.Minute)) {
			list = append(list, c)
		}
	}
	f.mu.Unlock()
	slices.SortFunc(list, func(a, b content) int { return a.ref.VersionAt.Compare(b.ref.VersionAt) })
	return pages(ctx, f, "changed", refsOf(list))
}

func (f *fakeSite) RecentlyModified(ctx context.Context, space wiki.Space, typ wiki.ContentType) iter.Seq2[wiki.ContentRef, error] {
	if f.old {
		return func(yield func(wiki.ContentRef, error) bool) { yield(wiki.ContentRef{}, errors.ErrUnsupported) }
	}
	list := f.rows(space.ID, func(c *content) bool { return c.ref.Type == typ })
	slices.SortFunc(list, func(a, b content) int { return b.ref.VersionAt.Compare(a.ref.VersionAt) })
	return pages(ctx, f, "recent", refsOf(list))
}

func (f *fakeSite) List(ctx context.Context, space wiki.Space, typ wiki.ContentType) iter.Seq2[wiki.ContentRef, error] {
	list := f.rows(space.ID, func(c *content) bool { return c.ref.Type == typ })
	slices.SortFunc(list, func(a, b content) int { return cmp.Compare(a.ref.ID, b.ref.ID) })
	return pages(ctx, f, "list", refsOf(list))
}

func (f *fakeSite) Contents(ctx context.Context, typ wiki.ContentType, ids []string, body bool) ([]wiki.Content, error) {
	name := "contents"
	if body {
		name = "bodies"
	}
	if err := f.call(ctx, name, ids...); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []wiki.Content
	for _, id := range ids {
		c := f.contents[id]
		if c == nil || c.ref.Type != typ || !f.visible(c) {
			continue
		}
		got := wiki.Content{ContentRef: c.ref, HasBody: body && c.body != "none"}
		if got.HasBody {
			got.Storage = c.body
		}
		list = append(list, got)
	}
	return list, nil
}

func (f *fakeSite) meta(c *content) wiki.Meta {
	m := wiki.Meta{ID: c.ref.ID, Labels: slices.Sorted(slices.Values(c.labels)), ReadRestricted: c.restricted}
	for _, a := range f.above(c) {
		m.Ancestors = append(m.Ancestors, wiki.Node{ID: a.ref.ID, Type: string(a.ref.Type), Title: a.ref.Title})
	}
	slices.Reverse(m.Ancestors)
	return m
}

func (f *fakeSite) Metas(ctx context.Context, ids []string) ([]wiki.Meta, error) {
	if err := f.call(ctx, "metas", ids...); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []wiki.Meta
	for _, id := range ids {
		if c := f.contents[id]; c != nil && f.visible(c) && f.indexed(id) {
			list = append(list, f.meta(c))
		}
	}
	return list, nil
}

func (f *fakeSite) indexed(id string) bool { _, ok := f.index[id]; return ok }

func (f *fakeSite) SpaceMetas(ctx context.Context, key string) iter.Seq2[wiki.Meta, error] {
	f.mu.Lock()
	var list []wiki.Meta
	for id, c := range f.contents {
		if c.ref.SpaceID == f.spaces[key].ID && f.visible(c) && f.indexed(id) && c.ref.Type != "folder" {
			list = append(list, f.meta(c))
		}
	}
	f.mu.Unlock()
	return pages(ctx, f, "spacemetas", list)
}

func (f *fakeSite) ReadRestricted(ctx context.Context, id string) (bool, error) {
	if err := f.call(ctx, "restricted", id); err != nil {
		return false, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.contents[id]
	if c == nil || !f.visible(c) {
		return false, wiki.ErrNotFound
	}
	return c.restricted, nil
}

func (f *fakeSite) Node(ctx context.Context, id, _ string) (wiki.Node, error) {
	if err := f.call(ctx, "node", id); err != nil {
		return wiki.Node{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.contents[id]
	if c == nil || !f.visible(c) {
		return wiki.Node{}, wiki.ErrNotFound
	}
	return wiki.Node{ID: id, Type: string(c.ref.Type), Title: c.ref.Title, ParentID: c.ref.ParentID, ParentType: c.ref.ParentType}, nil
}

func (f *fakeSite) Attachments(ctx context.Context, _ wiki.ContentType, id string) ([]wiki.Attachment, error) {
	if err := f.call(ctx, "attachments", id); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.contents[id].files, nil
}

func (f *fakeSite) ChangedContainers(ctx context.Context, _ string, window time.Duration) iter.Seq2[string, error] {
	f.mu.Lock()
	var ids []string
	for id, c := range f.contents {
		if c.filesAt.After(f.now.Add(-window)) {
			ids = append(ids, id)
		}
	}
	f.mu.Unlock()
	return pages(ctx, f, "containers", ids)
}

func (f *fakeSite) Users(ctx context.Context, ids []string) ([]wiki.User, error) {
	if err := f.call(ctx, "users", ids...); err != nil {
		return nil, err
	}
	users := make([]wiki.User, len(ids))
	for i, id := range ids {
		users[i] = wiki.User{ID: id, DisplayName: "Person " + id, Active: true}
	}
	return users, nil
}

func (f *fakeSite) ServerTime() (time.Time, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now, f.heard
}
