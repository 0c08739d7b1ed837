package confluencetest

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// v2List lists pages or blog posts; given a space, those in it.
func v2List(typ string) listing {
	return func(c *caller, sp *space) (any, error) {
		statuses, err := v2Statuses(c, typ)
		if err != nil {
			return nil, err
		}
		format, err := c.bodyFormat(false)
		if err != nil {
			return nil, err
		}
		ids, err := c.wantedIDs(sp)
		if err != nil {
			return nil, err
		}
		query := c.URL.Query()
		order := query.Get("sort")
		var rows []row
		for _, id := range ids {
			found := c.site.contents[id]
			if found == nil || found.typ != typ || !slices.Contains(statuses, found.status) ||
				sp != nil && found.space != sp.id ||
				query.Has("title") && !strings.EqualFold(found.title, query.Get("title")) ||
				query.Get("depth") == "root" && found.parent != 0 ||
				query.Has("subtype") && or(found.subtype, "page") != query.Get("subtype") ||
				!c.site.sees(c.user, found) || c.site.trouble[id].unreadable {
				continue
			}
			r := row{id: id, make: func() any { return c.contentV2(found, format) }}
			if r.value, err = v2SortValue(found, order); err != nil {
				return nil, err
			}
			rows = append(rows, r)
		}
		answer, err := page(c, rows, or(order, "id"), 25, 250)
		if err == nil && format != "" && c.site.poisoned(idsOf(answer)) {
			return nil, internal("Internal Server Error")
		}
		return answer, err
	}
}

// listing lists what is in a space; in all of them where it is nil.
type listing = func(*caller, *space) (any, error)

func idsOf(answer obj) []int64 {
	var ids []int64
	for _, r := range rows(answer) {
		if o, ok := r.(obj); ok {
			id, _ := o["id"].(string)
			if n, ok := parseID(id); ok {
				ids = append(ids, n)
			}
		}
	}
	return ids
}

// wantedIDs are the ids that a listing looks at.
func (c *caller) wantedIDs(sp *space) ([]int64, error) {
	if given := c.list("id"); len(given) > 0 {
		if len(given) > 250 {
			return nil, badRequest("Provided value for 'id' has more than 250 elements.")
		}
		ids := make([]int64, 0, len(given))
		for _, g := range given {
			id, ok := parseID(g)
			if !ok {
				return nil, badRequest("Provided value {%s} for 'id' is not the correct type. Expected type is long.", g)
			}
			ids = append(ids, id)
		}
		slices.Sort(ids)
		return slices.Compact(ids), nil
	}
	if sp != nil {
		return c.site.bySpace[sp.id], nil
	}
	wanted := c.list("space-id")
	if len(wanted) > 100 {
		return nil, badRequest("Provided value for 'space-id' has more than 100 elements.")
	}
	var ids []int64
	for _, sp := range c.site.spaces {
		if len(wanted) == 0 || slices.Contains(wanted, idString(sp.id)) {
			ids = append(ids, c.site.bySpace[sp.id]...)
		}
	}
	return ids, nil
}

func v2Statuses(c *caller, typ string) ([]string, error) {
	statuses := c.list("status")
	allowed := []string{statusCurrent, statusArchived, "deleted", statusTrashed}
	if typ == typeBlogPost {
		allowed = []string{statusCurrent, "deleted", statusTrashed}
	}
	for _, s := range statuses {
		if !slices.Contains(allowed, s) {
			return nil, badRequest("Provided value {%s} for 'status' is not valid. Expected one of %v.", s, allowed)
		}
	}
	switch {
	case len(statuses) > 0:
		return statuses, nil
	case typ == typeBlogPost:
		return []string{statusCurrent}, nil
	default:
		return []string{statusCurrent, statusArchived}, nil
	}
}

func v2SortValue(c *content, order string) (string, error) {
	switch strings.TrimPrefix(order, "-") {
	case "", "id":
		return "", nil
	case "created-date":
		return sortKey(c.created), nil
	case "modified-date":
		return sortKey(c.modified), nil
	case "title":
		if c.typ != typeBlogPost {
			return strings.ToLower(c.title), nil
		}
	}
	return "", badRequest("Provided value {%s} for 'sort' is not valid.", order)
}

// bodyFormat reads body-format; rendered forms exist for single content only.
func (c *caller) bodyFormat(single bool) (string, error) {
	format := c.URL.Query().Get("body-format")
	allowed := []string{"", "storage", "atlas_doc_format"}
	if single {
		allowed = append(allowed, "view", "export_view", "anonymous_export_view", "styled_view", "editor")
	}
	if !slices.Contains(allowed, format) {
		return "", badRequest("Provided value {%s} for 'body-format' is not valid.", format)
	}
	return format, nil
}

var missing = map[string]string{
	typePage: "Cannot find a page with id [%s]", typeBlogPost: "Cannot find a blog post with id [%s]",
	typeFolder: "Content with id: [%s] not found", typeAttachment: "Cannot find an attachment with id [%s]",
}

func v2One(typ string) handler {
	return func(c *caller) (any, error) {
		if _, was := c.site.purged[c.PathValue("id")]; was {
			return nil, notFound("Not Found")
		}
		found, err := c.one(or(missing[typ], "Content with id: [%s] not found"), typ)
		if err != nil {
			return nil, err
		}
		format, err := c.bodyFormat(true)
		if err != nil {
			return nil, err
		}
		query := c.URL.Query()
		if statuses := c.list("status"); len(statuses) > 0 && !slices.Contains(statuses, found.status) ||
			found.status == statusDraft && query.Get("get-draft") != "true" && !slices.Contains(statuses, statusDraft) {
			return nil, notFound("Cannot find a page with id [%s]", c.PathValue("id"))
		}
		if number := query.Get("version"); number != "" {
			n, _ := strconv.Atoi(number)
			for found.version != n {
				if found = found.prev; found == nil {
					return nil, notFound("Cannot find version %s of content [%s]", number, c.PathValue("id"))
				}
			}
		}
		if format != "" && c.site.trouble[found.id].poisonAlone {
			return nil, internal("Internal Server Error")
		}
		out := c.contentV2(found, format)
		if links, ok := out["_links"].(obj); ok {
			links["base"] = c.base
		}
		if query.Get("include-version") == "false" {
			delete(out, "version")
		}
		if query.Get("include-labels") == "true" {
			labels := c.labelsV2(found)
			out["labels"] = obj{
				"results": labels[:min(50, len(labels))], "meta": obj{"hasMore": len(labels) > 50},
				"_links": obj{"self": c.site.options.ContextPath + c.URL.Path + "/labels"},
			}
		}
		return out, nil
	}
}

// contentV2 is any content as v2 shows it, with the body where format is not empty.
func (c *caller) contentV2(x *content, format string) obj {
	out := obj{
		"id": x.apiID(), "status": x.status, "title": x.title, "authorId": x.author, "createdAt": v2Time(x.created),
		"version": versionV2(x), "_links": obj{"webui": c.site.webUI(x)},
	}
	switch x.typ {
	case typeAttachment:
		c.attachmentV2(out, x)
	case typeComment:
		c.commentV2(out, x)
	default:
		out["spaceId"] = idString(x.space)
	}
	if x.isTree() {
		out["parentId"], out["parentType"], out["position"] = nil, nil, nil
		if x.status != statusTrashed {
			out["position"] = x.position
		}
		if parent := c.site.contents[x.parent]; parent != nil && x.status != statusTrashed {
			out["parentId"], out["parentType"] = parent.apiID(), parent.typ
		}
		out["ownerId"], out["lastOwnerId"] = x.author, nil
	}
	switch x.typ {
	case typePage:
		out["subtype"] = nil
		if x.subtype != "" {
			out["subtype"] = x.subtype
		}
		out["body"] = obj{}
	case typeBlogPost:
		out["body"] = obj{}
	case typeAttachment, typeComment:
	default:
		out["type"] = x.typ
		if x.typ == typeFolder {
			out["createdAt"] = x.created.UnixMilli()
		}
	}
	if x.hasBody() {
		out["body"] = c.bodyV2(x, format)
	}
	return out
}

func (c *caller) bodyV2(x *content, format string) any {
	if format == "" {
		return obj{}
	}
	if c.site.trouble[x.id].noBody {
		return nil
	}
	value := x.body()
	switch format {
	case "atlas_doc_format":
		value = `{"version":1,"type":"doc","content":[{"type":"paragraph","content":[{"type":"text","text":` + strconv.Quote(plainText(value)) + `}]}]}`
	case "storage", "editor":
	default:
		value = c.site.renderStorage(x, value)
	}
	return obj{format: obj{"representation": format, "value": value}}
}

func versionV2(x *content) obj {
	return obj{
		"number": x.version, "createdAt": v2Time(x.modified), "message": x.message, "minorEdit": x.minor, "authorId": x.editor,
	}
}

// webUI is the content's web address under the context path.
func (s *Site) webUI(x *content) string {
	sp := s.spaces[x.space]
	if sp == nil {
		return "/"
	}
	title := strings.ReplaceAll(url.PathEscape(x.title), "%20", "+")
	switch {
	case x.typ == typeAttachment:
		return "/pages/viewpageattachments.action?pageId=" + idString(x.parent) + "&preview=" +
			url.QueryEscape("/"+idString(x.parent)+"/"+idString(x.id)+"/"+x.title)
	case x.typ == typeComment:
		return "/spaces/" + sp.key + "/pages/" + idString(x.parent) + "?focusedCommentId=" + idString(x.id)
	case s.options.DataCenter && x.typ == typePage && !strings.ContainsAny(x.title, "/?&+\\%\""):
		return "/display/" + sp.key + "/" + title
	case s.options.DataCenter && x.typ == typePage:
		return "/pages/viewpage.action?pageId=" + idString(x.id)
	case x.typ == typeBlogPost:
		return "/spaces/" + sp.key + "/blog/" + x.created.Format("2006/01/02") + "/" + idString(x.id) + "/" + title
	case x.id == sp.homepage:
		return "/spaces/" + sp.key + "/overview"
	case x.typ == typePage:
		return "/spaces/" + sp.key + "/pages/" + idString(x.id) + "/" + title
	default:
		return "/spaces/" + sp.key + "/" + x.typ + "/" + idString(x.id)
	}
}
