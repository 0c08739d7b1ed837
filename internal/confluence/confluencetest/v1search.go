package confluencetest

import (
	"cmp"
	"errors"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// searchPrefix starts the cursors of search.
const searchPrefix = "_sa_"

// found is one hit: the state that the index knows.
type found struct {
	x    *content
	keys []string
}

// search runs the query over the index, whatever the caller may see.
func (c *caller) search(query string, archivedSpaces bool) ([]found, []orderBy, error) {
	if strings.TrimSpace(query) == "" {
		return nil, nil, badRequest("cql query parameter is required")
	}
	e := &searcher{
		site: c.site, user: c.user, now: c.site.now(), zone: cmp.Or(c.site.behaviour.Zone, time.UTC), day: c.site.behaviour.DayGranularity,
	}
	parsed, err := parseCQL(query, e)
	if err != nil {
		if f := new(failure); errors.As(err, &f) {
			return nil, nil, f
		}
		return nil, nil, badRequest("com.atlassian.confluence.api.service.exceptions.BadRequestException: %v", err)
	}
	var hits []found
	for _, x := range c.site.index {
		sp := c.site.spaces[x.space]
		if sp == nil || sp.status == statusArchived && !archivedSpaces || !parsed.where(e, x) {
			continue
		}
		hit := found{x: x}
		for _, o := range parsed.order {
			hit.keys = append(hit.keys, e.orderKey(o.field, x))
		}
		hits = append(hits, hit)
	}
	slices.SortFunc(hits, func(a, b found) int { return compareHits(parsed.order, a.keys, b.keys, a.x.id, b.x.id) })
	return hits, parsed.order, nil
}

func compareHits(order []orderBy, a, b []string, aID, bID int64) int {
	for i, o := range order {
		sign := 1
		if o.descending {
			sign = -1
		}
		if n := sign * cmp.Compare(a[i], b[i]); n != 0 {
			return n
		}
	}
	return cmp.Compare(aID, bID)
}

func (e *searcher) orderKey(field string, x *content) string {
	switch field {
	case "lastmodified":
		return sortKey(x.modified)
	case "created":
		return sortKey(x.created)
	case "title":
		return strings.ToLower(x.title)
	case "type":
		return x.typ
	default:
		return cmp.Or(e.site.spaces[x.space], &space{}).key
	}
}

// rowCap is how many rows a page has at most: bodies and other expansions make it smaller.
func rowCap(expand []string) int {
	most := 1000
	if len(expand) > 0 {
		most = 200
	}
	for _, e := range expand {
		e = strings.TrimPrefix(e, "content.")
		switch {
		case strings.HasPrefix(e, "body.export_view"), strings.HasPrefix(e, "body.styled_view"):
			return 25
		case strings.HasPrefix(e, "body"):
			most = min(most, 50)
		}
	}
	return most
}

// searchPage cuts a page out of the hits, and only then leaves out what the caller may not see.
func (c *caller) searchPage(path string, hits []found, order []orderBy, expand []string, render func(*content) (any, error)) (obj, error) {
	most, err := limit(c, 25, rowCap(expand))
	if err != nil {
		return nil, err
	}
	start := 0
	if c.site.options.DataCenter {
		start, _ = strconv.Atoi(c.URL.Query().Get("start"))
		start = min(max(start, 0), len(hits))
	} else if start, err = c.resume(hits, order); err != nil {
		return nil, err
	}
	rest := hits[start:]
	more := len(rest) > most
	rest = rest[:min(most, len(rest))]
	results := []any{}
	for _, hit := range rest {
		live := c.site.contents[hit.x.id]
		if live == nil || !c.site.sees(c.user, live) || c.site.trouble[live.id].unreadable {
			continue
		}
		made, err := render(hit.x)
		if err != nil {
			return nil, err
		}
		results = append(results, made)
	}
	links := obj{"base": c.base, "context": c.site.options.ContextPath, "self": c.base + path}
	if more || c.site.behaviour.TrailingPage && len(rest) > 0 {
		asked := most
		if n, err := strconv.Atoi(c.URL.Query().Get("limit")); err == nil && n > 0 {
			asked = n // a clipped page's next link still jumps by what was asked
		}
		links["next"] = c.searchNext(path, rest, start+max(asked, 1))
	}
	return obj{"results": results, "start": start, "limit": most, "size": len(results), "_links": links}, nil
}

// resume finds where the cursor of the request continues.
func (c *caller) resume(hits []found, order []orderBy) (int, error) {
	at, err := readCursor(c, searchPrefix)
	if at == nil || err != nil {
		return 0, err
	}
	keys := strings.Split(at.Value, "\x00")
	if at.Query != hash(c.URL.Query().Get("cql")) || len(keys) != max(1, len(order)) {
		return 0, badRequest(badCursor)
	}
	id, _ := strconv.ParseInt(at.ID, 10, 64)
	start, _ := slices.BinarySearchFunc(hits, keys, func(h found, keys []string) int {
		if compareHits(order, h.keys, keys, h.x.id, id) <= 0 {
			return -1
		}
		return 1
	})
	return start, nil
}

// searchNext is the link to the next page. It carries what the endpoint keeps and loses the rest.
func (c *caller) searchNext(path string, rest []found, start int) string {
	keep := url.Values{}
	for _, name := range []string{"cql", "limit", "expand"} {
		if path != "/rest/api/search" || name != "expand" {
			if v := c.URL.Query().Get(name); v != "" {
				keep.Set(name, v)
			}
		}
	}
	keep.Set("start", strconv.Itoa(start))
	if !c.site.options.DataCenter {
		last := rest[len(rest)-1]
		next := cursor{
			ID: idString(last.x.id), Value: strings.Join(last.keys, "\x00"), Issued: c.site.now().UnixMilli(),
			Query: hash(c.URL.Query().Get("cql")),
		}
		keep.Set("next", "true")
		keep.Set("cursor", next.encode(searchPrefix))
	}
	return path + "?" + keep.Encode()
}

func (c *caller) expand() []string {
	var out []string
	for _, e := range c.list("expand") {
		out = append(out, strings.ToLower(e))
	}
	return out
}

func v1ContentSearch(c *caller) (any, error) {
	hits, order, err := c.search(c.URL.Query().Get("cql"), false)
	if err != nil {
		return nil, err
	}
	expand := c.expand()
	answer, err := c.searchPage("/rest/api/content/search", hits, order, expand, func(x *content) (any, error) { return c.contentV1(x, expand) })
	if err == nil && wants(expand, "body") && c.site.poisoned(idsOf(answer)) {
		return nil, internal("SSStatusCodeException: There was a problem rendering the content")
	}
	return answer, err
}

func v1Search(c *caller) (any, error) {
	query := c.URL.Query()
	hits, order, err := c.search(query.Get("cql"), query.Get("includeArchivedSpaces") == "true")
	if err != nil {
		return nil, err
	}
	var expand []string
	for _, e := range c.expand() {
		if inner, ok := strings.CutPrefix(e, "content."); ok {
			expand = append(expand, inner)
		}
	}
	answer, err := c.searchPage("/rest/api/search", hits, order, expand, func(x *content) (any, error) {
		inner, err := c.contentV1(x, expand)
		sp := cmp.Or(c.site.spaces[x.space], &space{})
		return obj{
			"content": inner, "title": html.EscapeString(x.title), "excerpt": "", "url": c.site.webUI(x),
			"resultGlobalContainer": obj{"title": sp.name, "displayUrl": "/spaces/" + sp.key}, "breadcrumbs": []any{},
			"entityType": "content", "iconCssClass": "aui-icon content-type-" + x.typ,
			"lastModified": x.modified.Truncate(time.Second).Format("2006-01-02T15:04:05.000Z"), "score": 0.0,
		}, err
	})
	if err != nil {
		return nil, err
	}
	answer["totalSize"], answer["archivedResultCount"], answer["cqlQuery"], answer["searchDuration"] = len(hits), 0, query.Get("cql"), 31
	return answer, nil
}

// v1Contents lists content by space, type, status and title: what Data Center lists with.
func v1Contents(c *caller) (any, error) {
	query := c.URL.Query()
	var sp *space
	if key := query.Get("spaceKey"); key != "" {
		if sp = c.site.spaceByKey(key); !c.site.seesSpace(c.user, sp) {
			return nil, notFound("No space with key : %s", key)
		}
	}
	if typ := query.Get("type"); typ == typeFolder {
		return nil, &failure{status: 501, message: "No ContentTypeBinding found for type: folder"}
	}
	return c.listV1(sp, or(query.Get("type"), typePage), query.Get("title"), false)
}

func v1SpaceContent(c *caller) (any, error) {
	sp := c.site.spaceByKey(c.PathValue("key"))
	if !c.site.seesSpace(c.user, sp) {
		return nil, notFound("No space with key : %s", c.PathValue("key"))
	}
	return c.listV1(sp, or(c.PathValue("type"), typePage), "", c.URL.Query().Get("depth") == "root")
}

func (c *caller) listV1(sp *space, typ, title string, root bool) (any, error) {
	ids, err := c.wantedIDs(sp)
	if err != nil {
		return nil, err
	}
	statuses := []string{statusCurrent}
	switch given := c.URL.Query().Get("status"); given {
	case "":
	case "any":
		statuses = []string{statusCurrent, statusTrashed}
	default:
		statuses = []string{given}
	}
	var all []*content
	for _, id := range ids {
		x := c.site.contents[id]
		if x.typ == typ && slices.Contains(statuses, x.status) && (title == "" || x.title == title) &&
			(!root || x.parent == 0) && c.site.sees(c.user, x) && !c.site.trouble[id].unreadable {
			all = append(all, x)
		}
	}
	return c.pageV1(all)
}

// pageV1 cuts a page of contents by offset.
func (c *caller) pageV1(all []*content) (any, error) {
	expand := c.expand()
	var failed error
	answer, err := offsetPage(c, len(all), rowCap(expand), func(i int) any {
		made, err := c.contentV1(all[i], expand)
		failed = cmp.Or(failed, err)
		return made
	})
	if err == nil && wants(expand, "body") && c.site.poisoned(idsOf(answer)) {
		return nil, internal(fmt.Sprintf("SSStatusCodeException: could not render %d rows", len(rows(answer))))
	}
	return answer, cmp.Or(err, failed)
}
