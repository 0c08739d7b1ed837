package confluencetest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// labelsV2 are the labels that the caller sees, by id.
func (c *caller) labelsV2(x *content) []any {
	labels := slices.Clone(x.labels)
	slices.SortFunc(labels, func(a, b string) int { return int(c.site.labelID(a) - c.site.labelID(b)) })
	out := []any{}
	for _, l := range labels {
		prefix, name := splitLabel(l)
		if prefix == "my" && c.user.ID != x.author || !wanted(c.URL.Query().Get("prefix"), prefix) {
			continue
		}
		out = append(out, obj{"id": idString(c.site.labelID(l)), "name": name, "prefix": prefix})
	}
	return out
}

// labelID is a label's id: the same for the same name.
func (s *Site) labelID(label string) int64 { return 900_000 + int64(hash(label)%1_000_000) }

func v2ContentLabels(typ string) handler {
	return func(c *caller) (any, error) {
		found, err := c.one(or(missing[typ], "Not Found"), typ)
		if err != nil {
			return nil, err
		}
		var rows []row
		for i, l := range c.labelsV2(found) {
			rows = append(rows, row{id: int64(i), make: func() any { return l }})
		}
		return page(c, rows, "id", 25, 250)
	}
}

func v2Labels(c *caller) (any, error) {
	seen := map[string]bool{}
	var rows []row
	for _, x := range c.site.contents {
		for _, l := range x.labels {
			prefix, name := splitLabel(l)
			if seen[l] || prefix == "my" || !wanted(c.URL.Query().Get("prefix"), prefix) || !c.site.sees(c.user, x) {
				continue
			}
			seen[l] = true
			id := c.site.labelID(l)
			rows = append(rows, row{id: id, make: func() any { return obj{"id": idString(id), "name": name, "prefix": prefix} }})
		}
	}
	return page(c, rows, "id", 25, 250)
}

func v2LabelPages(c *caller) (any, error) {
	format, err := c.bodyFormat(false)
	if err != nil {
		return nil, err
	}
	spaces := c.list("space-id")
	var rows []row
	for _, x := range c.site.contents {
		has := slices.ContainsFunc(x.labels, func(l string) bool { return idString(c.site.labelID(l)) == c.PathValue("id") })
		if !has || x.typ != typePage || x.status != statusCurrent || !c.site.sees(c.user, x) ||
			len(spaces) > 0 && !slices.Contains(spaces, idString(x.space)) {
			continue
		}
		rows = append(rows, row{id: x.id, make: func() any { return c.contentV2(x, format) }})
	}
	return page(c, rows, "id", 25, 250)
}

func (c *caller) attachmentV2(out obj, x *content) {
	container := c.site.contents[x.parent]
	delete(out, "authorId")
	key := "pageId"
	if container != nil && container.typ == typeBlogPost {
		key = "blogPostId"
	}
	download := "/rest/api/content/" + idString(x.parent) + "/child/attachment/" + x.apiID() + "/download"
	out[key], out["mediaType"], out["mediaTypeDescription"] = idString(x.parent), x.mediaType, ""
	out["comment"], out["fileId"], out["fileSize"] = "", "f11e-"+idString(x.id), x.size
	out["webuiLink"], out["downloadLink"] = c.site.webUI(x), download
	out["_links"] = obj{"webui": c.site.webUI(x), "download": download}
}

func v2ContentAttachments(typ string) handler {
	return func(c *caller) (any, error) {
		found, err := c.one(missing[typ], typ)
		if err != nil {
			return nil, err
		}
		return v2AttachmentList(c, c.site.children(found.id, typeAttachment))
	}
}

func v2Attachments(c *caller) (any, error) {
	var all []*content
	for _, x := range c.site.contents {
		if x.typ == typeAttachment {
			all = append(all, x)
		}
	}
	return v2AttachmentList(c, all)
}

func v2AttachmentList(c *caller, all []*content) (any, error) {
	query, statuses, order := c.URL.Query(), c.list("status"), c.URL.Query().Get("sort")
	if len(statuses) == 0 {
		statuses = []string{statusCurrent, statusArchived}
	}
	var rows []row
	for _, x := range all {
		if !slices.Contains(statuses, x.status) || !wanted(query.Get("filename"), x.title) ||
			!wanted(query.Get("mediaType"), x.mediaType) || !c.site.sees(c.user, x) {
			continue
		}
		value, err := v2SortValue(x, order)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{id: x.id, value: value, make: func() any { return c.contentV2(x, "") }})
	}
	return page(c, rows, or(order, "id"), 50, 250)
}

func (c *caller) commentV2(out obj, x *content) {
	delete(out, "authorId")
	delete(out, "createdAt")
	key := "pageId"
	if container := c.site.contents[x.parent]; container != nil && container.typ == typeBlogPost {
		key = "blogPostId"
	}
	out[key] = idString(x.parent)
	if x.reply != 0 {
		out["parentCommentId"] = idString(x.reply)
	}
	if x.inline {
		out["resolutionStatus"] = "open"
		out["properties"] = obj{"inlineMarkerRef": "ref-" + idString(x.id), "inlineOriginalSelection": ""}
	}
}

func v2Comments(typ string, inline bool) handler {
	return func(c *caller) (any, error) {
		found, err := c.one(missing[typ], typ)
		if err != nil {
			return nil, err
		}
		return v2CommentList(c, c.site.children(found.id, typeComment), func(x *content) bool { return x.reply == 0 && x.inline == inline })
	}
}

func v2AllComments(inline bool) handler {
	return func(c *caller) (any, error) {
		var all []*content
		for _, x := range c.site.contents {
			if x.typ == typeComment {
				all = append(all, x)
			}
		}
		return v2CommentList(c, all, func(x *content) bool { return x.inline == inline })
	}
}

func v2Replies(c *caller) (any, error) {
	found, err := c.one("Content with id: [%s] not found", typeComment)
	if err != nil {
		return nil, err
	}
	return v2CommentList(c, c.site.children(found.parent, typeComment), func(x *content) bool { return x.reply == found.id })
}

func v2CommentList(c *caller, all []*content, keep func(*content) bool) (any, error) {
	format, err := c.bodyFormat(false)
	if err != nil {
		return nil, err
	}
	order := c.URL.Query().Get("sort")
	var rows []row
	for _, x := range all {
		if !keep(x) || x.status != statusCurrent || !c.site.sees(c.user, x) {
			continue
		}
		value, err := v2SortValue(x, order)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{id: x.id, value: value, make: func() any { return c.contentV2(x, format) }})
	}
	return page(c, rows, or(order, "id"), 25, 250)
}

func v2Versions(typ string) handler {
	return func(c *caller) (any, error) {
		found, err := c.one(missing[typ], typ)
		if err != nil {
			return nil, err
		}
		order := or(c.URL.Query().Get("sort"), "-modified-date")
		var rows []row
		for x := found; x != nil; x = x.prev {
			rows = append(rows, row{id: int64(x.version), value: sortKey(x.modified), make: func() any {
				v := versionV2(x)
				v["page"] = obj{"id": x.apiID(), "title": x.title}
				return v
			}})
		}
		return page(c, rows, order, 25, 250)
	}
}

func v2Version(typ string) handler {
	return func(c *caller) (any, error) {
		found, err := c.one(missing[typ], typ)
		if err != nil {
			return nil, err
		}
		number, _ := strconv.Atoi(c.PathValue("number"))
		for x := found; x != nil; x = x.prev {
			if x.version == number {
				v := versionV2(x)
				v["contentTypeModified"], v["collaborators"] = false, []any{x.editor}
				return v, nil
			}
		}
		return nil, notFound("Cannot find version %d of content [%s]", number, found.apiID())
	}
}

func v2Properties(typ string) handler {
	return func(c *caller) (any, error) {
		found, err := c.one("Could not find page with id [%s]", typ)
		if err != nil {
			return nil, err
		}
		var rows []row
		for key, value := range found.property {
			if wanted(c.URL.Query().Get("key"), key) {
				id := int64(hash(found.apiID() + key))
				rows = append(rows, row{id: id, value: key, make: func() any {
					return obj{"id": idString(id), "key": key, "value": value, "version": obj{"number": 1, "createdAt": v2Time(found.modified)}}
				}})
			}
		}
		return page(c, rows, "key", 25, 250)
	}
}

func v2UsersBulk(c *caller) (any, error) {
	var asked struct {
		AccountIDs []string `json:"accountIds"`
	}
	if err := json.NewDecoder(c.Body).Decode(&asked); err != nil || len(asked.AccountIDs) == 0 || len(asked.AccountIDs) > 250 {
		return nil, badRequest("Provided value for 'accountIds' must have 1 to 250 elements.")
	}
	results := []any{}
	for _, id := range asked.AccountIDs {
		if u := c.site.users[id]; u != nil {
			results = append(results, userV2(u))
		}
	}
	return obj{"results": results}, nil
}

func userV2(u *User) obj {
	accountType, status := "atlassian", "active"
	if u.App {
		accountType = "app"
	}
	if u.Inactive {
		status = "inactive"
	}
	out := obj{
		"accountId": u.ID, "accountType": accountType, "accountStatus": status, "displayName": u.Name, "publicName": u.Name,
		"email": "", "timeZone": nil, "personalSpaceId": nil, "isExternalCollaborator": false,
		"profilePicture": obj{"path": "/aa-avatar/" + u.ID, "isDefault": true},
	}
	if u.TimeZone != "" {
		out["timeZone"] = u.TimeZone
	}
	return out
}

func v2ConvertIDs(c *caller) (any, error) {
	var asked struct {
		ContentIDs []json.RawMessage `json:"contentIds"`
	}
	if err := json.NewDecoder(c.Body).Decode(&asked); err != nil || len(asked.ContentIDs) == 0 || len(asked.ContentIDs) > 100 {
		return nil, badRequest("Provided value for 'contentIds' must have 1 to 100 elements.")
	}
	results := obj{}
	for _, raw := range asked.ContentIDs {
		given := strings.Trim(string(raw), `"`)
		results[given] = nil
		id, ok := parseID(given)
		x := c.site.contents[id]
		if !ok || x == nil || !c.site.sees(c.user, x) {
			continue
		}
		switch {
		case x.typ == typeComment && x.inline:
			results[given] = "inline-comment"
		case x.typ == typeComment:
			results[given] = "footer-comment"
		default:
			results[given] = x.typ
		}
	}
	return obj{"results": results}, nil
}
