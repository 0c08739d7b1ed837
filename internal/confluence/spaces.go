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

// listLimit is the largest page that v2's listings have; Data Center's are cut to fewer.
const (
	listLimit   = 250
	offsetLimit = 100
)

// v1Space is a space on Data Center.
type v1Space struct {
	ID       flexID `json:"id"`
	Key      string `json:"key"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	Status   string `json:"status"`
	Homepage *struct {
		ID flexID `json:"id"`
	} `json:"homepage"`
	Links links `json:"_links"`
}

func (s v1Space) key() string { return s.ID.String() }

func (s v1Space) check() error {
	if s.Key == "" {
		return errors.New("it has no key")
	}
	return nil
}

func (s v1Space) space(c *Client) wiki.Space {
	space := wiki.Space{ID: s.key(), Key: s.Key, Name: s.Name, Type: s.Type, Status: strings.ToLower(s.Status), URL: c.spaceURL(s.Links.WebUI, s.Key)}
	if space.Status == "" {
		space.Status = string(wiki.StatusCurrent)
	}
	if s.Homepage != nil {
		space.HomepageID = s.Homepage.ID.String()
	}
	return space
}

func (c *Client) spaceURL(webui, key string) string {
	if !strings.HasPrefix(webui, "/") {
		webui = map[bool]string{true: "/spaces/", false: "/display/"}[c.cloud()] + url.PathEscape(key)
	}
	return c.link(webui, "")
}

// Space finds a space by its key; wiki.ErrNotFound where there is none, or the account may not see it.
func (c *Client) Space(ctx context.Context, key string) (wiki.Space, error) {
	if key = strings.TrimSpace(key); key == "" {
		return wiki.Space{}, fmt.Errorf("a space without a key: %w", wiki.ErrNotFound)
	}
	if !c.cloud() {
		s, _, err := get(ctx, c, request{path: "/rest/api/space/" + url.PathEscape(key), query: url.Values{"expand": {"homepage"}}}, func(s *v1Space) error {
			if s.ID == "" {
				return errors.New("it has no id")
			}
			return s.check()
		})
		if err != nil {
			return wiki.Space{}, fmt.Errorf("space %q: %w", key, err)
		}
		return s.space(c), nil
	}
	w := &walk[v2Space]{c: c, r: request{path: "/api/v2/spaces", query: url.Values{"keys": {key}, "limit": {strconv.Itoa(listLimit)}}}}
	for s, err := range w.cursors(ctx) {
		if err != nil {
			return wiki.Space{}, fmt.Errorf("space %q: %w", key, err)
		}
		if strings.EqualFold(s.Key, key) || strings.EqualFold(s.Alias, key) {
			return s.space(c), nil
		}
	}
	return wiki.Space{}, fmt.Errorf("space %q: %w", key, wiki.ErrNotFound)
}

// Spaces lists the spaces that the account can see and that are in use.
func (c *Client) Spaces(ctx context.Context) func(yield func(wiki.Space, error) bool) {
	query := url.Values{"status": {string(wiki.StatusCurrent)}}
	if c.cloud() {
		query.Set("limit", strconv.Itoa(listLimit))
		w := &walk[v2Space]{c: c, r: request{path: "/api/v2/spaces", query: query}}
		return mapped(w.cursors(ctx), func(s v2Space) (wiki.Space, bool) { return s.space(c), true })
	}
	query.Set("limit", strconv.Itoa(offsetLimit))
	w := &walk[v1Space]{c: c, r: request{path: "/rest/api/space", query: query}}
	return mapped(w.offsets(ctx), func(s v1Space) (wiki.Space, bool) { return s.space(c), true })
}

// PageCount is the search index's own estimate of the pages and blog posts of a space.
func (c *Client) PageCount(ctx context.Context, spaceKey string) (int, error) {
	r := request{path: "/rest/api/search", query: url.Values{"cql": {contentOf(spaceKey)}, "limit": {"1"}, "excerpt": {"none"}}}
	l, _, err := get(ctx, c, r, func(l *list[any]) error {
		if l.TotalSize == nil || *l.TotalSize < 0 {
			return errors.New("it has no total")
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("count pages of space %q: %w", spaceKey, err)
	}
	return *l.TotalSize, nil
}

// contentOf is the condition that all content of a space that is indexed meets.
func contentOf(spaceKey string) string {
	return "space = " + quote(spaceKey) + " and type in (page, blogpost)"
}
