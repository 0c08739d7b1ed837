package index

import (
	"context"
	"slices"
	"time"

	"github.com/sluicehq/sluice/internal/convert"
	"github.com/sluicehq/sluice/internal/wiki"
)

// How long a name is believed, and how many names one question asks for.
const (
	namesLast  = 7 * 24 * time.Hour
	namesAsked = 200
)

// Included pages may include others; deeper than this nothing is fetched.
const includeDepth = 3

// lookups is what a batch of pages needs to know of people, other pages and issues.
type lookups struct {
	users    map[string]string
	pages    convert.Pages
	bodies   map[string]convert.Included // of pages that others include, by id
	projects []string
}

// included answers the stored body of a page.
func (l *lookups) included(ref convert.PageRef) (convert.Included, bool) {
	page, ok := l.pages.Find(ref)
	if !ok {
		return convert.Included{}, false
	}
	body, ok := l.bodies[page.ID]
	return body, ok
}

// needs is what is still to be resolved.
type needs struct {
	users    *set
	pages    map[convert.PageRef]bool
	includes map[convert.PageRef]bool
	projects *set // named by macros and addresses
}

func newNeeds() *needs {
	return &needs{users: newSet(), projects: newSet(), pages: map[convert.PageRef]bool{}, includes: map[convert.PageRef]bool{}}
}

func (n *needs) add(more convert.Needs) {
	n.users.add(more.Users...)
	n.projects.add(more.JiraProjects...)
	for _, r := range more.Pages {
		n.pages[r] = true
	}
	for _, r := range more.Includes {
		n.includes[r] = true
	}
}

// lookUp resolves in bulk what the pages need: one question a kind, whatever their number. Bodies that are included
// come before people, since they may name some.
func (ix *Indexer) lookUp(ctx context.Context, b Batch, pages []Input, docs []document) (*lookups, error) {
	want := newNeeds()
	for i, d := range docs {
		want.users.add(pages[i].Content.EditorID, pages[i].Content.AuthorID)
		want.add(d.needs)
	}
	known := &lookups{bodies: map[string]convert.Included{}}
	if err := ix.targets(ctx, b, want.pages, known); err != nil {
		return nil, err
	}
	if err := ix.bodies(ctx, b, pages, want, known); err != nil {
		return nil, err
	}
	var err error
	if known.users, err = ix.names(ctx, b, want.users.list); err != nil {
		return nil, err
	}
	known.projects, err = ix.projectKeys(ctx, b, want.projects.list)
	return known, err
}

// projectKeys are the project keys that tell issue keys from other words: as an admin set them, else those that macros
// and addresses of the site's pages have named so far, these ones included. The store marks the pages that were made
// without the knowledge of a new one, to be processed again.
func (ix *Indexer) projectKeys(ctx context.Context, b Batch, named []string) ([]string, error) {
	if len(b.Source.JiraProjects) > 0 {
		return b.Source.JiraProjects, nil
	}
	known, err := ix.store.JiraProjects(ctx, b.Source.ConnectionID)
	if err != nil {
		return nil, err
	}
	fresh := slices.DeleteFunc(named, func(p string) bool { return slices.Contains(known, p) })
	if len(fresh) == 0 {
		return known, nil
	}
	return append(known, fresh...), ix.store.AddJiraProjects(ctx, b.Source.ConnectionID, fresh)
}

// bodies fetches the bodies of pages that others include, and of those that these include. A page of this batch is
// taken from it: it is newer than what is stored. Restricted pages are shown in no other.
func (ix *Indexer) bodies(ctx context.Context, b Batch, pages []Input, want *needs, known *lookups) error {
	batch := make(map[string]Input, len(pages))
	for _, p := range pages {
		batch[p.Content.ID] = p
	}
	for range includeDepth {
		if len(want.includes) == 0 {
			return nil
		}
		found, err := ix.stored(ctx, b, batch, want.includes, known)
		if err != nil {
			return err
		}
		want.includes = map[convert.PageRef]bool{}
		want.pages = map[convert.PageRef]bool{}
		for _, body := range found {
			want.add(includedNeeds(b, body))
		}
		if err := ix.targets(ctx, b, want.pages, known); err != nil {
			return err
		}
	}
	return nil
}

// stored adds the bodies of the pages that refs name to known, and returns those that are new.
func (ix *Indexer) stored(ctx context.Context, b Batch, batch map[string]Input, refs map[convert.PageRef]bool, known *lookups) ([]convert.Included, error) {
	var ids []string
	var found []convert.Included
	seen := map[string]bool{}
	for ref := range refs {
		page, ok := known.pages.Find(ref)
		if _, have := known.bodies[page.ID]; !ok || have || seen[page.ID] {
			continue
		}
		seen[page.ID] = true
		in, ok := batch[page.ID]
		switch {
		case !ok:
			ids = append(ids, page.ID)
		case !in.Restricted && !in.OwnRestricted:
			found = append(found, convert.Included{Page: page, Storage: in.Content.Storage})
		}
	}
	if len(ids) > 0 {
		bodies, err := ix.store.IncludedBodies(ctx, b.Source.BaseURL, ids)
		if err != nil {
			return nil, err
		}
		for _, body := range bodies {
			found = append(found, convert.Included{Page: pageInfo(body.Target), Storage: body.Storage})
		}
	}
	for _, body := range found {
		known.bodies[body.Page.ID] = body
	}
	return found, nil
}

// includedNeeds scans a body that is included. One that the converter cannot read needs nothing: the page's own
// conversion tells.
func includedNeeds(b Batch, body convert.Included) (n convert.Needs) {
	var err error
	defer recovered(body.Page.ID, &err)
	return convert.Parse(body.Storage).Needs(convert.Context{BaseURL: b.Source.BaseURL, Page: body.Page})
}

// names resolves people: from the store, and from the site what the store does not know or has known for too long. A
// site that does not answer leaves names out: they are looked up again with the page's next version.
func (ix *Indexer) names(ctx context.Context, b Batch, ids []string) (map[string]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	stored, err := ix.store.UserNames(ctx, b.Source.ConnectionID, ids)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(ids))
	var ask []string
	for _, id := range ids {
		n, ok := stored[id]
		if n.DisplayName != "" {
			names[id] = n.DisplayName
		}
		if !ok || time.Since(n.FetchedAt) > namesLast {
			ask = append(ask, id)
		}
	}
	if b.People == nil {
		return names, nil
	}
	for piece := range slices.Chunk(ask, namesAsked) {
		found, err := b.People.Users(ctx, piece)
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			ix.log.WarnContext(ctx, "names are not known", "source", b.Source.ID, "people", len(piece), "err", err)
			return names, nil
		}
		if err := ix.store.SaveUsers(ctx, b.Source.ConnectionID, withUnknown(found, piece)); err != nil {
			return nil, err
		}
		for _, u := range found {
			names[u.ID] = clean(u.DisplayName)
		}
	}
	return names, nil
}

// withUnknown adds those that the site does not know, without a name, so that they are not asked for again and again.
func withUnknown(found []wiki.User, asked []string) []wiki.User {
	byID := make(map[string]wiki.User, len(asked))
	for _, id := range asked {
		byID[id] = wiki.User{ID: id}
	}
	for _, u := range found {
		u.DisplayName = clean(u.DisplayName)
		byID[u.ID] = u
	}
	users := make([]wiki.User, 0, len(byID))
	for _, u := range byID {
		users = append(users, u)
	}
	return users
}

// targets resolves the pages that links name.
func (ix *Indexer) targets(ctx context.Context, b Batch, refs map[convert.PageRef]bool, known *lookups) error {
	var ids []string
	var titles []TitleRef
	for ref := range refs {
		title := TitleRef{SpaceKey: ref.SpaceKey, Title: ref.Title}
		if title.SpaceKey == "" {
			title.SpaceKey = b.Source.SpaceKey
		}
		if b.Known != nil {
			if t, ok := b.Known(ref.ID, title); ok {
				known.pages.Add(pageInfo(t))
				continue
			}
		}
		if ref.ID != "" {
			ids = append(ids, ref.ID)
		} else {
			titles = append(titles, TitleRef{SpaceKey: clean(title.SpaceKey), Title: clean(title.Title)})
		}
	}
	if len(ids)+len(titles) == 0 {
		return nil
	}
	found, err := ix.store.FindPages(ctx, b.Source.BaseURL, ids, titles)
	for _, t := range found {
		known.pages.Add(pageInfo(t))
	}
	return err
}

func pageInfo(t Target) convert.PageInfo {
	return convert.PageInfo{ID: t.ID, SpaceKey: t.SpaceKey, Title: t.Title, URL: t.URL}
}

// set is a list without repeats and without empty entries.
type set struct {
	list []string
	has  map[string]bool
}

func newSet() *set { return &set{has: map[string]bool{}} }

func (s *set) add(ids ...string) {
	for _, id := range ids {
		if id != "" && !s.has[id] {
			s.has[id] = true
			s.list = append(s.list, id)
		}
	}
}
