package confluencetest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// v2Time is how v2 writes a time.
func v2Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (c *caller) spaceV2(sp *space) obj {
	out := obj{
		"id": idString(sp.id), "key": sp.key, "name": sp.name, "type": sp.typ, "status": sp.status, "authorId": sp.author,
		"createdAt": v2Time(sp.created), "homepageId": nil, "currentActiveAlias": sp.key, "icon": nil, "description": nil,
		"_links": obj{"webui": "/spaces/" + sp.key},
	}
	if sp.homepage != 0 {
		out["homepageId"] = idString(sp.homepage)
	}
	if format := c.URL.Query().Get("description-format"); format != "" {
		out["description"] = obj{format: obj{"representation": format, "value": sp.description}}
	}
	return out
}

func v2Spaces(c *caller) (any, error) {
	query := c.URL.Query()
	ids, keys := c.list("ids"), c.list("keys")
	if len(ids) > 250 || len(keys) > 250 {
		return nil, badRequest("At most 250 ids or keys may be given.")
	}
	order := query.Get("sort")
	var rows []row
	for _, sp := range c.site.spaces {
		if !c.site.seesSpace(c.user, sp) ||
			len(ids) > 0 && !slices.Contains(ids, idString(sp.id)) ||
			len(keys) > 0 && !slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, sp.key) }) ||
			!wanted(query.Get("type"), sp.typ) || !wanted(query.Get("status"), sp.status) {
			continue
		}
		r := row{id: sp.id, make: func() any { return c.spaceV2(sp) }}
		switch strings.TrimPrefix(order, "-") {
		case "key":
			r.value = sp.key
		case "name":
			r.value = sp.name
		case "", "id":
		default:
			return nil, badRequest("Provided value {%s} for 'sort' is not valid.", order)
		}
		rows = append(rows, r)
	}
	return page(c, rows, or(order, "id"), 25, 250)
}

func wanted(filter, value string) bool { return filter == "" || filter == value }

// pathSpace is the space of the path, if the caller may see it.
func (c *caller) pathSpace() (*space, error) {
	given := c.PathValue("id")
	id, err := strconv.ParseInt(given, 10, 64)
	if err != nil {
		return nil, badRequest("Provided value {%s} for 'id' is not the correct type. Expected type is long.", given)
	}
	sp := c.site.spaces[id]
	if !c.site.seesSpace(c.user, sp) {
		return nil, notFound("Cannot find a space with id [%s]", given)
	}
	return sp, nil
}

func v2Space(c *caller) (any, error) {
	sp, err := c.pathSpace()
	if err != nil {
		return nil, err
	}
	out := c.spaceV2(sp)
	out["_links"].(obj)["base"] = c.base //nolint:forcetypeassert // made a line ago
	return out, nil
}

func v2SpacePermissions(c *caller) (any, error) {
	sp, err := c.pathSpace()
	if err != nil {
		return nil, err
	}
	var rows []row
	add := func(kind, id string) {
		for i, operation := range []string{"read", "create", "delete", "export"} {
			target := "space"
			if i > 0 {
				target = "page"
			}
			rowID := int64(7001 + len(rows))
			rows = append(rows, row{id: rowID, make: func() any {
				return obj{
					"id": idString(rowID), "principal": obj{"type": kind, "id": id},
					"operation": obj{"key": operation, "targetType": target},
				}
			}})
		}
	}
	for _, u := range sp.readers.Users {
		add("user", u)
	}
	for _, g := range sp.readers.Groups {
		add("group", c.site.groups[g])
	}
	if sp.readers.empty() {
		add("group", "confluence-users")
	}
	return page(c, rows, "id", 25, 250)
}

func v2RoleAssignments(c *caller) (any, error) {
	if _, err := c.pathSpace(); err != nil {
		return nil, err
	}
	return page(c, nil, "id", 25, 250)
}

// inSpace limits a listing to the space of the path.
func inSpace(list listing) handler {
	return func(c *caller) (any, error) {
		sp, err := c.pathSpace()
		if err != nil {
			return nil, err
		}
		return list(c, sp)
	}
}

// everywhere does not limit a listing.
func everywhere(list listing) handler {
	return func(c *caller) (any, error) { return list(c, nil) }
}

// tenantInfo is what tells a Cloud site, without credentials.
func (s *Site) tenantInfo(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"cloudId":"` + s.options.CloudID + `"}`))
}

// serverInformation is what tells a Data Center site.
func (s *Site) serverInformation(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if !s.options.DataCenter {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"statusCode":404,"message":"null for uri"}`))
		return
	}
	_, _ = w.Write([]byte(`{"baseUrl":"","version":"9.2.3","buildNumber":9012,"buildDate":"2026-02-03"}`))
}
