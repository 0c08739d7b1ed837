package confluence

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/sluicehq/sluice/internal/wiki"
)

const (
	// metaExpand asks for own restrictions only. With those of the ancestors, one ancestor that cannot be read makes
	// the whole page of rows a 404.
	metaExpand = "version,ancestors,space,metadata.labels,restrictions.read.restrictions.user,restrictions.read.restrictions.group"
	// metaBatch is how many ids go into one query: the address has to stay short, and the index allows no long lists.
	metaBatch = 100
)

// Metas reads labels, ancestors and own restrictions by id, in the order of the ids. It asks the search index, which
// answers for many at once, and the store for what the index does not know yet; what is absent is left out.
func (c *Client) Metas(ctx context.Context, ids []string) ([]wiki.Meta, error) {
	ids = numerics(ids)
	found := make(map[string]wiki.Meta, len(ids))
	for from := 0; from < len(ids); from += metaBatch {
		batch := ids[from:min(from+metaBatch, len(ids))]
		for meta, err := range c.metas(ctx, idList(batch), len(batch)) {
			if errors.Is(err, wiki.ErrNotFound) {
				break // one content spoils the batch: the store is asked for each
			}
			if err != nil {
				return nil, fmt.Errorf("read labels and restrictions of %d contents: %w", len(batch), err)
			}
			found[meta.ID] = meta
		}
	}
	missing := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { _, ok := found[id]; return ok })
	stored, err := c.storedMetas(ctx, missing)
	if err != nil {
		return nil, err
	}
	for _, meta := range stored {
		found[meta.ID] = meta
	}
	list := make([]wiki.Meta, 0, len(found))
	for _, id := range ids {
		if meta, ok := found[id]; ok {
			list = append(list, meta)
		}
	}
	return list, nil
}

// SpaceMetas reads labels, ancestors and own restrictions of all the pages and blog posts of a space that the search
// index knows.
func (c *Client) SpaceMetas(ctx context.Context, spaceKey string) iter.Seq2[wiki.Meta, error] {
	return c.metas(ctx, contentOf(spaceKey)+" order by created asc", searchLimit)
}

func (c *Client) metas(ctx context.Context, cql string, limit int) iter.Seq2[wiki.Meta, error] {
	return func(yield func(wiki.Meta, error) bool) {
		for v, err := range search[v1Content](ctx, c, cql, metaExpand, limit) {
			var meta wiki.Meta
			if err == nil {
				meta, err = c.meta(ctx, v)
			}
			if !yield(meta, err) || err != nil {
				return
			}
		}
	}
}

// meta takes what a row tells, and asks for what it does not: nothing is taken for unlabelled or unrestricted because an
// answer is silent.
func (c *Client) meta(ctx context.Context, v v1Content) (wiki.Meta, error) {
	meta := wiki.Meta{ID: v.key(), Ancestors: v.nodes()}
	var told bool
	var read *v1Restriction
	if v.Restrictions != nil {
		read = v.Restrictions.Read
	}
	var err error
	if meta.ReadRestricted, told = read.restricted(); !told {
		if meta.ReadRestricted, err = c.ReadRestricted(ctx, meta.ID); err != nil {
			return wiki.Meta{}, err
		}
	}
	typ := wiki.ContentType(v.Type)
	if labels := v.Metadata.Labels; labels != nil && (labels.Links.Next == "" && (labels.Limit == 0 || len(labels.Results) < labels.Limit)) {
		meta.Labels = labelNames(labels.Results)
	} else if meta.Labels, err = c.labels(ctx, typ, meta.ID); err != nil {
		return wiki.Meta{}, err
	}
	if v.Ancestors == nil && c.cloud() {
		if meta.Ancestors, err = c.ancestors(ctx, typ, meta.ID); err != nil {
			return wiki.Meta{}, err
		}
	}
	return meta, nil
}

// storedMetas asks the store, with a few calls for each id.
func (c *Client) storedMetas(ctx context.Context, ids []string) ([]wiki.Meta, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if !c.cloud() {
		return each(ctx, c, ids, func(ctx context.Context, id string) (wiki.Meta, error) {
			v, _, err := get(ctx, c, request{path: "/rest/api/content/" + id, query: url.Values{"expand": {metaExpand}}}, func(v *v1Content) error {
				if v.key() != id {
					return errors.New("it is of another content")
				}
				return nil
			})
			if err != nil {
				return wiki.Meta{}, err
			}
			return c.meta(ctx, *v)
		})
	}
	pages, err := c.Contents(ctx, wiki.TypePage, ids, false)
	if err != nil {
		return nil, err
	}
	types := map[string]wiki.ContentType{}
	for _, p := range pages {
		types[p.ID] = wiki.TypePage
	}
	if len(pages) < len(ids) {
		posts, err := c.Contents(ctx, wiki.TypeBlogPost, slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return types[id] != "" }), false)
		if err != nil {
			return nil, err
		}
		for _, p := range posts {
			types[p.ID] = wiki.TypeBlogPost
		}
	}
	known := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return types[id] == "" })
	return each(ctx, c, known, func(ctx context.Context, id string) (wiki.Meta, error) {
		meta := wiki.Meta{ID: id}
		var err error
		if meta.ReadRestricted, err = c.ReadRestricted(ctx, id); err != nil {
			return wiki.Meta{}, err
		}
		if meta.Labels, err = c.labels(ctx, types[id], id); err != nil {
			return wiki.Meta{}, err
		}
		if types[id] == wiki.TypePage {
			meta.Ancestors, err = c.ancestors(ctx, types[id], id)
		}
		return meta, err
	})
}

// each does something for every id, some at a time; ids that turn out to be absent are left out.
func each[T any](ctx context.Context, c *Client, ids []string, f func(ctx context.Context, id string) (T, error)) ([]T, error) {
	found := make([]*T, len(ids))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(cap(c.site.slots))
	for i, id := range ids {
		g.Go(func() error {
			v, err := f(ctx, id)
			if errors.Is(err, wiki.ErrNotFound) {
				return nil
			}
			if err == nil {
				found[i] = &v
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var list []T
	for _, v := range found {
		if v != nil {
			list = append(list, *v)
		}
	}
	return list, nil
}

// labels lists the labels of a content, from the store.
func (c *Client) labels(ctx context.Context, typ wiki.ContentType, id string) ([]string, error) {
	limit := url.Values{"limit": {strconv.Itoa(listLimit)}}
	w := &walk[v2Label]{c: c, r: request{path: "/api/v2" + collection(typ) + "/" + id + "/labels", query: limit}}
	seq := w.cursors
	if !c.cloud() {
		w.r.path, seq = "/rest/api/content/"+id+"/label", w.offsets
	}
	labels, err := collect(seq(ctx))
	if err != nil {
		return nil, fmt.Errorf("labels of %s: %w", id, err)
	}
	return labelNames(labels), nil
}

// ancestors lists the ancestors of a content, root first, by Cloud's own call: ids and types, no titles. It has no
// cursor: where there are more than one page of them, those above the first are asked for.
func (c *Client) ancestors(ctx context.Context, typ wiki.ContentType, id string) ([]wiki.Node, error) {
	var nodes []wiki.Node
	seen := map[string]bool{id: true}
	for at, of := id, nodePath(string(typ)); ; {
		l, _, err := get(ctx, c, request{path: of + "/" + at + "/ancestors", query: url.Values{"limit": {strconv.Itoa(listLimit)}}}, func(l *list[v2Ancestor]) error {
			_, err := rows(l)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("ancestors of %s: %w", id, err)
		}
		var above []wiki.Node
		for _, a := range *l.Results {
			if seen[a.key()] {
				continue
			}
			seen[a.key()] = true
			above = append(above, wiki.Node{ID: a.key(), Type: a.Type})
		}
		nodes = append(above, nodes...)
		if len(*l.Results) < listLimit || len(above) == 0 || nodePath(above[0].Type) == "" {
			break
		}
		at, of = above[0].ID, nodePath(above[0].Type)
	}
	for i := 1; i < len(nodes); i++ {
		nodes[i].ParentID, nodes[i].ParentType = nodes[i-1].ID, nodes[i-1].Type
	}
	return nodes, nil
}

// ReadRestricted tells whether the content itself, of any type, names who may read it.
func (c *Client) ReadRestricted(ctx context.Context, id string) (bool, error) {
	if !numeric(id) {
		return false, fmt.Errorf("restrictions of %q: %w", id, wiki.ErrNotFound)
	}
	restricted := true
	r := request{path: "/rest/api/content/" + id + "/restriction/byOperation/read", query: url.Values{"expand": {"restrictions.user,restrictions.group"}}}
	_, _, err := get(ctx, c, r, func(v *v1Restriction) error {
		var told bool
		if restricted, told = v.restricted(); !told {
			return errors.New("it does not list who may read")
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("restrictions of %s: %w", id, err)
	}
	return restricted, nil
}

func joined(ids []string) string { return strings.Join(ids, ",") }
