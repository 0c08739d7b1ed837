package confluencetest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// v1Time is how v1 writes a time: Data Center without the colon in the offset.
func (s *Site) v1Time(t time.Time) string {
	if s.options.DataCenter {
		return t.UTC().Format("2006-01-02T15:04:05.000-0700")
	}
	return v2Time(t)
}

// wants tells whether a path, or something below it, is expanded.
func wants(expand []string, path string) bool {
	return slices.ContainsFunc(expand, func(e string) bool { return e == path || strings.HasPrefix(e, path+".") })
}

// contentV1 is a content as v1 shows it. x may be the index's older state; labels, place and restrictions are as they
// are now.
func (c *caller) contentV1(x *content, expand []string) (any, error) {
	s := c.site
	now := s.contents[x.id]
	if now == nil {
		now = x
	}
	self := "/rest/api/content/" + x.apiID()
	out := obj{
		"id": x.apiID(), "type": x.typ, "status": x.status, "title": x.title, "extensions": obj{"position": now.position},
		"_links":      obj{"webui": s.webUI(x), "tinyui": "/x/" + x.apiID(), "self": c.base + self},
		"_expandable": obj{"children": self + "/child", "restrictions": self + "/restriction/byOperation"},
	}
	folded := out["_expandable"].(obj) //nolint:forcetypeassert // made above
	fold := func(name, path string, render func() any) {
		if wants(expand, name) {
			out[name] = render()
			return
		}
		folded[name] = path
	}
	fold("version", "", func() any { return c.versionV1(x) })
	fold("space", "/rest/api/space/"+s.keyOf(x), func() any { return c.spaceV1(s.spaces[x.space]) })
	fold("history", self+"/history", func() any { return c.historyV1(x, expand) })
	fold("container", "", func() any { return c.containerV1(now) })
	fold("metadata", "", func() any {
		metadata := obj{"_expandable": obj{"properties": ""}}
		if wants(expand, "metadata.labels") {
			metadata["labels"] = c.labelsV1(now)
		}
		return metadata
	})
	if err := c.ancestorsV1(out, now, expand); err != nil {
		return nil, err
	}
	if wants(expand, "restrictions") {
		restrictions := obj{}
		for _, operation := range []string{"read", "update"} {
			if wants(expand, "restrictions."+operation) {
				restrictions[operation] = c.restrictionV1(now, operation, expand)
			}
		}
		out["restrictions"] = restrictions
		delete(folded, "restrictions")
	}
	if wants(expand, "body") && x.hasBody() && !s.trouble[x.id].noBody {
		out["body"] = c.bodyV1(x, expand)
	}
	if wants(expand, "children.attachment") {
		out["children"] = obj{"attachment": c.attachmentsV1(now)}
	}
	switch x.typ {
	case typeAttachment:
		out["extensions"] = obj{"mediaType": x.mediaType, "fileSize": x.size, "comment": ""}
		out["metadata"] = obj{"mediaType": x.mediaType}
		out["_links"].(obj)["download"] = s.downloadLink(x) //nolint:forcetypeassert // made above
	case typeComment:
		location := "footer"
		if x.inline {
			location = "inline"
		}
		out["extensions"] = obj{"location": location, "resolution": obj{"status": "open"}}
	}
	return out, nil
}

func (s *Site) keyOf(x *content) string {
	if sp := s.spaces[x.space]; sp != nil {
		return sp.key
	}
	return ""
}

func (c *caller) versionV1(x *content) obj {
	return obj{
		"number": x.version, "when": c.site.v1Time(x.modified), "friendlyWhen": x.modified.Format("Jan 02, 2006"),
		"message": x.message, "minorEdit": x.minor, "by": c.personV1(x.editor),
	}
}

func (c *caller) historyV1(x *content, expand []string) obj {
	out := obj{"latest": true, "createdDate": c.site.v1Time(x.created), "createdBy": c.personV1(x.author)}
	if wants(expand, "history.lastupdated") {
		out["lastUpdated"] = c.versionV1(x)
	}
	return out
}

func (c *caller) containerV1(x *content) any {
	if container := c.site.contents[x.parent]; container != nil && !x.isTree() {
		return obj{
			"id": container.apiID(), "type": container.typ, "status": container.status, "title": container.title,
			"_links": obj{"webui": c.site.webUI(container)},
		}
	}
	return c.spaceV1(c.site.spaces[x.space])
}

// ancestorsV1 adds the ancestors, root first and with folders. Asking for their restrictions fails for the whole batch
// where one of them cannot be read.
func (c *caller) ancestorsV1(out obj, x *content, expand []string) error {
	if !wants(expand, "ancestors") {
		out["_expandable"].(obj)["ancestors"] = "" //nolint:forcetypeassert // made by the caller
		return nil
	}
	ancestors := []any{}
	if x.isTree() {
		for _, a := range c.site.ancestors(x) {
			unreadable := c.site.trouble[a.id].unreadable || a.status == statusTrashed || a.status == statusDraft
			if unreadable && wants(expand, "ancestors.restrictions") {
				return &failure{status: http.StatusNotFound, message: "Cannot find content. Outdated version/old_draft/trashed? Please provide valid ContentId."}
			}
			if unreadable {
				continue
			}
			one := obj{
				"id": a.apiID(), "type": a.typ, "status": a.status, "title": a.title, "_links": obj{"webui": c.site.webUI(a)},
			}
			if wants(expand, "ancestors.restrictions") {
				one["restrictions"] = obj{"read": c.restrictionV1(a, "read", nil)}
			}
			ancestors = append(ancestors, one)
		}
	}
	out["ancestors"] = ancestors
	return nil
}

func (c *caller) bodyV1(x *content, expand []string) obj {
	body := obj{}
	for _, e := range expand {
		format, ok := strings.CutPrefix(e, "body.")
		if !ok {
			continue
		}
		value := x.body()
		if format != "storage" && format != "editor" {
			value = c.site.renderStorage(x, value)
		}
		body[format] = obj{"value": value, "representation": format, "embeddedContent": []any{}}
	}
	return body
}

func (c *caller) labelsV1(x *content) obj {
	results := []any{}
	for _, l := range c.labelsV2(x) {
		label, _ := l.(obj)
		label["label"] = label["name"]
		results = append(results, label)
	}
	return obj{"results": results, "start": 0, "limit": 200, "size": len(results), "_links": obj{}}
}

// attachmentsV1 is the first part of a content's attachments, as expanded with it.
func (c *caller) attachmentsV1(x *content) obj {
	results := []any{}
	all := c.site.attachments(x)
	for _, a := range all[:min(25, len(all))] {
		if made, err := c.contentV1(a, []string{"version"}); err == nil {
			results = append(results, made)
		}
	}
	links := obj{"self": c.base + "/rest/api/content/" + x.apiID() + "/child/attachment"}
	if len(all) > 25 {
		links["next"] = "/rest/api/content/" + x.apiID() + "/child/attachment?limit=25&start=25"
	}
	return obj{"results": results, "start": 0, "limit": 25, "size": len(results), "_links": links}
}

func (s *Site) attachments(x *content) []*content {
	return slices.DeleteFunc(s.children(x.id, typeAttachment), func(a *content) bool { return a.status != statusCurrent })
}

func (c *caller) spaceV1(sp *space) any {
	if sp == nil {
		return nil
	}
	out := obj{
		"id": sp.id, "key": sp.key, "alias": sp.key, "name": sp.name, "type": sp.typ, "status": sp.status,
		"_links":      obj{"webui": "/spaces/" + sp.key, "self": c.base + "/rest/api/space/" + sp.key},
		"_expandable": obj{"homepage": "/rest/api/content/" + idString(sp.homepage), "description": "", "permissions": ""},
	}
	if c.site.options.DataCenter {
		out["_links"].(obj)["webui"] = "/display/" + sp.key //nolint:forcetypeassert // made above
		delete(out, "alias")
	}
	return out
}

func v1Content(c *caller) (any, error) {
	id := c.PathValue("id")
	found, err := c.one(noContent)
	if err != nil {
		return nil, err
	}
	status := or(c.URL.Query().Get("status"), statusCurrent)
	if status != "any" && status != found.status {
		return nil, notFound("No content with id <ContentId{id=%s}> can be found", id)
	}
	expand := c.expand()
	if wants(expand, "body") && c.site.trouble[found.id].poisonAlone {
		return nil, internal("java.lang.NullPointerException")
	}
	return c.contentV1(found, expand)
}

// v1Child lists what belongs to a content, of one type.
func v1Child(c *caller) (any, error) {
	found, err := c.one(noContent)
	if err != nil {
		return nil, err
	}
	self := "/rest/api/content/" + found.apiID() + "/child"
	typ := c.PathValue("type")
	if typ == "" {
		return obj{"_expandable": obj{"page": self + "/page", "attachment": self + "/attachment", "comment": self + "/comment"}}, nil
	}
	all := slices.DeleteFunc(c.site.children(found.id, typ), func(x *content) bool {
		return x.status != statusCurrent || !c.site.sees(c.user, x) ||
			typ == typeComment && x.reply != 0 && c.URL.Query().Get("depth") != "all"
	})
	return c.pageV1(all)
}

func v1Labels(c *caller) (any, error) {
	found, err := c.one(noContent)
	if err != nil {
		return nil, err
	}
	labels := c.labelsV2(found)
	return offsetPage(c, len(labels), 200, func(i int) any { return labels[i] })
}

func v1Spaces(c *caller) (any, error) {
	keys := c.URL.Query()["spaceKey"]
	var all []*space
	for _, sp := range c.site.spaces {
		if c.site.seesSpace(c.user, sp) && wanted(c.URL.Query().Get("type"), sp.typ) && wanted(c.URL.Query().Get("status"), sp.status) &&
			(len(keys) == 0 || slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, sp.key) })) {
			all = append(all, sp)
		}
	}
	slices.SortFunc(all, func(a, b *space) int { return strings.Compare(a.key, b.key) })
	return offsetPage(c, len(all), 200, func(i int) any { return c.spaceExpanded(all[i]) })
}

func v1Space(c *caller) (any, error) {
	sp := c.site.spaceByKey(c.PathValue("key"))
	if !c.site.seesSpace(c.user, sp) {
		return nil, notFound("No space with key : %s", c.PathValue("key"))
	}
	return c.spaceExpanded(sp), nil
}

func (c *caller) spaceExpanded(sp *space) any {
	out, _ := c.spaceV1(sp).(obj)
	expand := c.expand()
	if wants(expand, "homepage") {
		if home := c.site.contents[sp.homepage]; home != nil && c.site.sees(c.user, home) {
			out["homepage"], _ = c.contentV1(home, nil) // nothing is expanded, so nothing fails
		}
	}
	if wants(expand, "description") {
		out["description"] = obj{"plain": obj{"value": sp.description, "representation": "plain"}}
	}
	return out
}
