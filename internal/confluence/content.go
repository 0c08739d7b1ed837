package confluence

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluicehq/sluice/internal/wiki"
)

// Batches of ids in one request. Bodies are few: fifty may already be tens of megabytes.
const (
	bodyBatch = 50
	idBatch   = 250
	// recentLimit is small: most readers stop within the first page.
	recentLimit = 100
	// batchTries: what fails as a batch may succeed in halves, so there is no point in asking long.
	batchTries = 2
)

// refExpand is what Data Center and searches have to be asked for in order to fill a ContentRef.
const refExpand = "version,ancestors,space,history"

// collection is the v2 path of a type of content.
func collection(typ wiki.ContentType) string {
	if typ == wiki.TypeBlogPost {
		return "/blogposts"
	}
	return "/pages"
}

// ChangedSince lists the pages and blog posts of which the search index says that they were modified within the window
// before the site's now.
func (c *Client) ChangedSince(ctx context.Context, spaceKey string, window time.Duration) iter.Seq2[wiki.ContentRef, error] {
	cql := contentOf(spaceKey) + " and " + within(window) + " order by lastmodified asc"
	return mapped(search[v1Ref](ctx, c, cql, refExpand, searchLimit), func(v v1Ref) (wiki.ContentRef, bool) {
		ref := v.ref(c)
		return ref, ref.Type == wiki.TypePage || ref.Type == wiki.TypeBlogPost
	})
}

// RecentlyModified lists content of one type by modification date, latest first, from the store; errors.ErrUnsupported
// on Data Center.
func (c *Client) RecentlyModified(ctx context.Context, space wiki.Space, typ wiki.ContentType) iter.Seq2[wiki.ContentRef, error] {
	if !c.cloud() {
		return failed[wiki.ContentRef](fmt.Errorf("list by modification date: %w", errors.ErrUnsupported))
	}
	return c.listing(ctx, space, typ, "-modified-date", recentLimit)
}

// List lists all current content of one type, on Cloud by id; it ends without an error only when it is complete.
func (c *Client) List(ctx context.Context, space wiki.Space, typ wiki.ContentType) iter.Seq2[wiki.ContentRef, error] {
	if c.cloud() {
		return c.listing(ctx, space, typ, "id", listLimit)
	}
	w := &walk[v1Ref]{c: c, r: request{path: "/rest/api/content", query: url.Values{
		"spaceKey": {space.Key}, "type": {string(typ)}, "status": {string(wiki.StatusCurrent)}, "expand": {refExpand}, "limit": {strconv.Itoa(offsetLimit)},
	}}}
	return mapped(w.offsets(ctx), func(v v1Ref) (wiki.ContentRef, bool) {
		ref := v.ref(c)
		return ref, ref.Status == wiki.StatusCurrent
	})
}

func (c *Client) listing(ctx context.Context, space wiki.Space, typ wiki.ContentType, sort string, limit int) iter.Seq2[wiki.ContentRef, error] {
	if !numeric(space.ID) {
		return failed[wiki.ContentRef](fmt.Errorf("list space %q: it has no id: %w", space.Key, wiki.ErrInvalid))
	}
	// Without a status, archived pages would be listed as well.
	w := &walk[v2Content]{c: c, r: request{path: "/api/v2/spaces/" + space.ID + collection(typ), query: url.Values{
		"status": {string(wiki.StatusCurrent)}, "sort": {sort}, "limit": {strconv.Itoa(limit)},
	}}}
	return mapped(w.cursors(ctx), func(v v2Content) (wiki.ContentRef, bool) {
		ref := v.ref(c, typ)
		if ref.SpaceKey == "" {
			ref.SpaceKey = space.Key
		}
		return ref, ref.Status == wiki.StatusCurrent
	})
}

// Contents reads content by id, whatever its status, in the order of the ids; what is absent or invisible is left out,
// and so is what is of another type.
func (c *Client) Contents(ctx context.Context, typ wiki.ContentType, ids []string, body bool) ([]wiki.Content, error) {
	ids = numerics(ids)
	found := make(map[string]wiki.Content, len(ids))
	read := c.readBatch
	size := idBatch
	if body {
		size = bodyBatch
	}
	if !c.cloud() {
		read = c.readOneByOne
	}
	for from := 0; from < len(ids); from += size {
		batch := ids[from:min(from+size, len(ids))]
		contents, err := read(ctx, typ, batch, body)
		if err != nil {
			return nil, fmt.Errorf("read %d contents: %w", len(batch), err)
		}
		for _, content := range contents {
			found[content.ID] = content
		}
	}
	list := make([]wiki.Content, 0, len(found))
	for _, id := range ids {
		if content, ok := found[id]; ok {
			list = append(list, content)
		}
	}
	return list, nil
}

func (c *Client) readBatch(ctx context.Context, typ wiki.ContentType, ids []string, body bool) ([]wiki.Content, error) {
	r := request{path: "/api/v2" + collection(typ), query: url.Values{
		"id": {joined(ids)}, "status": {"current", "trashed"}, "limit": {strconv.Itoa(len(ids))},
	}}
	if typ == wiki.TypePage {
		r.query.Add("status", "archived") // no blog post can be
	}
	if body {
		r.query.Set("body-format", "storage")
	}
	if len(ids) > 1 {
		r.tries = min(batchTries, c.options.Tries)
	}
	w := &walk[v2Content]{c: c, r: r}
	return collect(mapped(w.cursors(ctx), func(v v2Content) (wiki.Content, bool) { return v.content(c, typ), true }))
}

// readOneByOne is Data Center's way: its only batch is the search, which lags behind the store.
func (c *Client) readOneByOne(ctx context.Context, typ wiki.ContentType, ids []string, body bool) ([]wiki.Content, error) {
	expand := refExpand
	if body {
		expand += ",body.storage"
	}
	tries := 0
	if len(ids) > 1 {
		tries = min(batchTries, c.options.Tries)
	}
	found := make([]*wiki.Content, len(ids))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(cap(c.site.slots))
	for i, id := range ids {
		g.Go(func() error {
			r := request{path: "/rest/api/content/" + id, query: url.Values{"status": {"any"}, "expand": {expand}}, tries: tries}
			v, _, err := get(ctx, c, r, func(v *v1Ref) error { return v.check() })
			if errors.Is(err, wiki.ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			if content := v.content(c); content.ID == id && content.Type == typ {
				found[i] = &content
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var list []wiki.Content
	for _, content := range found {
		if content != nil {
			list = append(list, *content)
		}
	}
	return list, nil
}

// ChangedContainers lists the ids of content whose attachments or comments changed within the window, each once.
func (c *Client) ChangedContainers(ctx context.Context, spaceKey string, window time.Duration) iter.Seq2[string, error] {
	cql := "space = " + quote(spaceKey) + " and type in (comment, attachment) and " + within(window) + " order by lastmodified asc"
	seen := map[string]bool{}
	return mapped(search[v1Content](ctx, c, cql, "container", searchLimit), func(v v1Content) (string, bool) {
		id := v.containerID()
		if id == "" || seen[id] {
			return "", false
		}
		seen[id] = true
		return id, true
	})
}
