package confluence

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/sluicehq/sluice/internal/wiki"
)

// nodePath is the v2 path of a type of node; empty for what is none.
func nodePath(typ string) string {
	switch typ {
	case "page", "folder", "whiteboard", "database", "embed":
		return "/api/v2/" + typ + "s"
	case "blogpost":
		return "/api/v2/blogposts"
	default:
		return ""
	}
}

// Node reads an ancestor of any type; typ may be empty where it is not known. wiki.ErrNotFound where it is absent or
// may not be seen.
func (c *Client) Node(ctx context.Context, id, typ string) (wiki.Node, error) {
	if !numeric(id) {
		return wiki.Node{}, fmt.Errorf("content %q: %w", id, wiki.ErrNotFound)
	}
	if !c.cloud() {
		return c.v1Node(ctx, id)
	}
	if nodePath(typ) == "" {
		var err error
		if typ, err = c.typeOf(ctx, id); err != nil {
			return wiki.Node{}, err
		}
	}
	v, _, err := get(ctx, c, request{path: nodePath(typ) + "/" + id}, func(v *v2Node) error {
		if v.key() != id {
			return errors.New("it is of another content")
		}
		return nil
	})
	if err != nil {
		return wiki.Node{}, fmt.Errorf("%s %s: %w", typ, id, err)
	}
	c.learnBase(v.Links)
	node := wiki.Node{ID: id, Type: typ, Title: v.Title, SpaceID: v.SpaceID.String(), ParentID: v.ParentID.String()}
	if node.ParentID != "" {
		node.ParentType = v.ParentType
	}
	return node, nil
}

// typeOf asks what an id is.
func (c *Client) typeOf(ctx context.Context, id string) (string, error) {
	type answer struct {
		Results *map[string]*string `json:"results"`
	}
	r := request{path: "/api/v2/content/convert-ids-to-types", body: map[string][]string{"contentIds": {id}}}
	a, _, err := get(ctx, c, r, func(a *answer) error {
		if a.Results == nil {
			return errors.New("it has no results")
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("type of %s: %w", id, err)
	}
	typ := (*a.Results)[id]
	if typ == nil || nodePath(*typ) == "" {
		return "", fmt.Errorf("content %s: %w", id, wiki.ErrNotFound)
	}
	return *typ, nil
}

func (c *Client) v1Node(ctx context.Context, id string) (wiki.Node, error) {
	r := request{path: "/rest/api/content/" + id, query: url.Values{"status": {"any"}, "expand": {"ancestors,space"}}}
	v, _, err := get(ctx, c, r, func(v *v1Content) error {
		if v.key() != id {
			return errors.New("it is of another content")
		}
		return nil
	})
	if err != nil {
		return wiki.Node{}, fmt.Errorf("content %s: %w", id, err)
	}
	node := wiki.Node{ID: id, Type: v.Type, Title: v.Title}
	if v.Space != nil {
		node.SpaceID = v.Space.ID.String()
	}
	if above := v.nodes(); len(above) > 0 {
		parent := above[len(above)-1]
		node.ParentID, node.ParentType = parent.ID, parent.Type
	}
	return node, nil
}

// containerID is the content that a comment or an attachment belongs to; empty where it belongs to something else or
// does not tell.
func (v v1Content) containerID() string {
	if v.Container != nil {
		if t := v.Container.Type; t != "" && t != string(wiki.TypePage) && t != string(wiki.TypeBlogPost) {
			return ""
		}
		return v.Container.ID.String()
	}
	if id, ok := strings.CutPrefix(v.Expandable.Container, "/rest/api/content/"); ok && numeric(id) {
		return id
	}
	if _, query, ok := strings.Cut(v.Links.WebUI, "?"); ok {
		if values, err := url.ParseQuery(query); err == nil && numeric(values.Get("pageId")) {
			return values.Get("pageId")
		}
	}
	return ""
}

// Attachments lists the current files of a content.
func (c *Client) Attachments(ctx context.Context, typ wiki.ContentType, id string) ([]wiki.Attachment, error) {
	if !numeric(id) {
		return nil, fmt.Errorf("attachments of %q: %w", id, wiki.ErrNotFound)
	}
	var files []wiki.Attachment
	var err error
	if c.cloud() {
		w := &walk[v2Attachment]{c: c, r: request{path: "/api/v2" + collection(typ) + "/" + id + "/attachments", query: url.Values{
			"status": {string(wiki.StatusCurrent)}, "limit": {strconv.Itoa(listLimit)},
		}}}
		files, err = collect(mapped(w.cursors(ctx), func(a v2Attachment) (wiki.Attachment, bool) {
			path := a.WebUI
			if path == "" {
				path = a.Links.WebUI
			}
			return wiki.Attachment{
				ID: a.key(), Title: a.Title, MediaType: a.MediaType, FileSize: int64(a.FileSize), Version: a.Version.Number,
				CreatedAt: a.CreatedAt.Time, URL: c.link(path, id),
			}, a.Status == "" || a.Status == string(wiki.StatusCurrent)
		}))
	} else {
		w := &walk[v1Content]{c: c, r: request{path: "/rest/api/content/" + id + "/child/attachment", query: url.Values{
			"expand": {"version,history"}, "limit": {strconv.Itoa(offsetLimit)},
		}}}
		files, err = collect(mapped(w.offsets(ctx), func(v v1Content) (wiki.Attachment, bool) { return v.attachment(c, id), true }))
	}
	if err != nil {
		return nil, fmt.Errorf("attachments of %s: %w", id, err)
	}
	return files, nil
}

func (v v1Content) attachment(c *Client, of string) wiki.Attachment {
	a := wiki.Attachment{
		ID: v.key(), Title: v.Title, MediaType: v.Extensions.MediaType, FileSize: int64(v.Extensions.FileSize),
		CreatedAt: v.History.CreatedDate.Time, URL: c.link(v.Links.WebUI, of),
	}
	if a.MediaType == "" {
		a.MediaType = v.Metadata.MediaType
	}
	if v.Version != nil {
		a.Version = v.Version.Number
		if a.CreatedAt.IsZero() {
			a.CreatedAt = v.Version.When.Time
		}
	}
	return a
}
