package confluencetest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// userV1 is a person as v1 shows them: by account id, on Data Center by user name and key.
func (c *caller) userV1(u *User) obj {
	if c.site.options.DataCenter {
		return obj{"type": "known", "username": u.Username, "userKey": u.ID, "displayName": u.Name, "status": "current"}
	}
	accountType := "atlassian"
	if u.App {
		accountType = "app"
	}
	return obj{
		"type": "known", "accountId": u.ID, "accountType": accountType, "email": "", "publicName": u.Name, "displayName": u.Name,
		"isExternalCollaborator": false, "isGuest": false, "_expandable": obj{},
	}
}

func (c *caller) personV1(id string) obj {
	if u := c.site.users[id]; u != nil {
		return c.userV1(u)
	}
	if c.site.options.DataCenter {
		return obj{"type": "unknown", "userKey": id, "displayName": "Unknown User (" + id + ")"}
	}
	return obj{"type": "unknown", "accountId": id, "displayName": "Former user"}
}

func v1CurrentUser(c *caller) (any, error) {
	out := c.userV1(c.user)
	if !c.site.options.DataCenter {
		out["email"] = c.user.Email
	}
	if c.user.TimeZone != "" {
		out["timeZone"] = c.user.TimeZone
	}
	return out, nil
}

func v1User(c *caller) (any, error) {
	query := c.URL.Query()
	for _, u := range c.site.users {
		if u.ID == query.Get("accountId") || u.ID == query.Get("key") || u.Username != "" && u.Username == query.Get("username") {
			return c.userV1(u), nil
		}
	}
	return nil, notFound("No user found with key : %s", query.Get("accountId")+query.Get("key")+query.Get("username"))
}

func v1UsersBulk(c *caller) (any, error) {
	ids := c.list("accountId")
	var all []*User
	for _, id := range ids[:min(100, len(ids))] {
		if u := c.site.users[id]; u != nil {
			all = append(all, u)
		}
	}
	return offsetPage(c, len(all), 200, func(i int) any { return c.userV1(all[i]) })
}

func v1MemberOf(c *caller) (any, error) {
	query := c.URL.Query()
	for _, u := range c.site.users {
		if u.ID == query.Get("accountId") || u.ID == query.Get("key") || u.Username != "" && u.Username == query.Get("username") {
			return offsetPage(c, len(u.Groups), 200, func(i int) any { return c.groupV1(u.Groups[i]) })
		}
	}
	return nil, notFound("No user found")
}

func (c *caller) groupV1(name string) obj {
	return obj{"type": "group", "name": name, "id": c.site.groups[name]}
}

func v1Groups(c *caller) (any, error) {
	names := slices.Sorted(maps.Keys(c.site.groups))
	return offsetPage(c, len(names), 200, func(i int) any { return c.groupV1(names[i]) })
}

func v1GroupMembers(c *caller) (any, error) {
	group := c.PathValue("group")
	for name, id := range c.site.groups {
		if name != group && id != group {
			continue
		}
		var members []*User
		for _, id := range slices.Sorted(maps.Keys(c.site.users)) {
			if u := c.site.users[id]; slices.Contains(u.Groups, name) {
				members = append(members, u)
			}
		}
		return offsetPage(c, len(members), 200, func(i int) any { return c.userV1(members[i]) })
	}
	return nil, notFound("No group found: %s", group)
}

func v1SystemInfo(c *caller) (any, error) {
	return obj{
		"cloudId": c.site.options.CloudID, "baseUrl": c.base, "edition": "STANDARD", "siteTitle": c.site.options.Title,
		"defaultLocale": "en_GB", "defaultTimeZone": c.site.behaviour.Zone.String(),
	}, nil
}

// restrictionV1 is one operation's direct restriction.
func (c *caller) restrictionV1(x *content, operation string, expand []string) obj {
	names := x.readers
	if operation == "update" {
		names = x.editors
	}
	lists := obj{}
	prefix := "restrictions." + operation + ".restrictions."
	add := func(kind string, results []any) {
		if len(expand) == 0 || wants(expand, prefix+kind) || wants(expand, "restrictions."+kind) {
			lists[kind] = obj{"results": results, "start": 0, "limit": 100, "size": len(results), "_links": obj{}}
		}
	}
	users, groups := []any{}, []any{}
	for _, id := range names.Users {
		users = append(users, c.personV1(id))
	}
	for _, g := range names.Groups {
		groups = append(groups, c.groupV1(g))
	}
	add("user", users)
	add("group", groups)
	return obj{
		"operation": operation, "restrictions": lists, "_expandable": obj{"content": "/rest/api/content/" + x.apiID()},
		"_links": obj{"self": c.base + "/rest/api/content/" + x.apiID() + "/restriction/byOperation/" + operation},
	}
}

const noContent = "No content with id <ContentId{id=%s}> can be found"

func v1RestrictionsByOperation(c *caller) (any, error) {
	found, err := c.one(noContent)
	if err != nil {
		return nil, err
	}
	switch operation := c.PathValue("operation"); operation {
	case "":
		return obj{
			"read": c.restrictionV1(found, "read", nil), "update": c.restrictionV1(found, "update", nil),
			"_links": obj{"self": c.base + c.URL.Path, "base": c.base, "context": c.site.options.ContextPath},
		}, nil
	case "read", "update":
		return c.restrictionV1(found, operation, nil), nil
	default:
		return nil, badRequest("Invalid operation: %s", operation)
	}
}

func v1Restrictions(c *caller) (any, error) {
	found, err := c.one(noContent)
	if err != nil {
		return nil, err
	}
	operations := []string{"read", "update"}
	return offsetPage(c, 2, 100, func(i int) any { return c.restrictionV1(found, operations[i], nil) })
}

func v1PermissionCheck(c *caller) (any, error) {
	found, err := c.one(noContent)
	if err != nil {
		return nil, err
	}
	var asked struct {
		Subject struct {
			Type, Identifier string
		} `json:"subject"`
	}
	if err := json.NewDecoder(c.Body).Decode(&asked); err != nil {
		return nil, badRequest("The body is not JSON.")
	}
	u := c.site.users[asked.Subject.Identifier]
	return obj{"hasPermission": u != nil && c.site.sees(u, found), "errors": []any{}}, nil
}

func v1State(c *caller) (any, error) {
	found, err := c.one(noContent)
	if err != nil {
		return nil, err
	}
	if found.state == nil {
		return obj{}, nil
	}
	return obj{
		"contentState": obj{"id": 1, "name": found.state.Name, "color": found.state.Color},
		"lastUpdated":  c.site.v1Time(found.modified),
	}, nil
}

func (s *Site) downloadLink(x *content) string {
	if s.options.DataCenter {
		return "/download/attachments/" + idString(x.parent) + "/" + strings.ReplaceAll(x.title, " ", "%20") + "?version=1&api=v2"
	}
	return "/rest/api/content/" + idString(x.parent) + "/child/attachment/" + x.apiID() + "/download"
}

// attachmentOf finds an attachment that the request may read.
func (s *Site) attachmentOf(r *http.Request, match func(*content) bool) *content {
	s.mu.RLock()
	defer s.mu.RUnlock()
	u := s.users[s.secrets[credential(r, s.options.DataCenter)]]
	id, ok := parseID(r.PathValue("id"))
	if u == nil || !ok {
		return nil
	}
	for _, a := range s.children(id, typeAttachment) {
		if match(a) && s.sees(u, a) {
			return a
		}
	}
	return nil
}

// download sends to the media host, as Cloud does, or answers with the bytes.
func (s *Site) download(w http.ResponseWriter, r *http.Request) {
	a := s.attachmentOf(r, func(a *content) bool { return a.apiID() == r.PathValue("attachment") })
	switch {
	case a == nil:
		http.NotFound(w, r)
	case s.options.DataCenter:
		sendFile(w, a)
	default:
		host := strings.Replace(r.Host, "127.0.0.1", "localhost", 1)
		http.Redirect(w, r, "http://"+host+"/_media/"+s.mediaToken(a)+"/"+a.apiID(), http.StatusFound)
	}
}

func (s *Site) mediaToken(a *content) string {
	return leftPad(idString(int64(hash(a.apiID()+s.options.CloudID))), 12)
}

// media is the media host: the token in the address is enough, and credentials of the site are a fault.
func (s *Site) media(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	id, _ := parseID(r.PathValue("name"))
	a := s.contents[id]
	switch {
	case r.Header.Get("Authorization") != "":
		http.Error(w, "unexpected Authorization header", http.StatusBadRequest)
	case a == nil || a.typ != typeAttachment || s.mediaToken(a) != r.PathValue("token"):
		http.NotFound(w, r)
	default:
		sendFile(w, a)
	}
}

// downloadOld is the link that Cloud no longer lets API tokens use.
func (s *Site) downloadOld(w http.ResponseWriter, r *http.Request) {
	if !s.options.DataCenter {
		writeHTML(w, http.StatusUnauthorized, "<html><body>Unauthorized</body></html>")
		return
	}
	if a := s.attachmentOf(r, func(a *content) bool { return a.title == r.PathValue("name") }); a != nil {
		sendFile(w, a)
		return
	}
	http.NotFound(w, r)
}

func sendFile(w http.ResponseWriter, a *content) {
	w.Header().Set("Content-Type", a.mediaType)
	_, _ = w.Write(a.data)
}
