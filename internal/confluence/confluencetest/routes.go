package confluencetest

import (
	"net/http"
	"slices"
	"strings"
)

// routes are all endpoints, by pattern under the context path.
func (s *Site) routes() http.Handler {
	mux := http.NewServeMux()
	api := func(pattern string, h handler) { mux.HandleFunc(pattern, s.respond(h)) }
	if !s.options.DataCenter {
		s.routesV2(api)
		mux.HandleFunc("GET /_edge/tenant_info", s.tenantInfo)
		mux.HandleFunc("GET /_media/{token}/{name...}", s.media)
		mux.HandleFunc("GET /browse/{key}", s.issue)
		mux.HandleFunc("/api/v2/", func(w http.ResponseWriter, _ *http.Request) {
			writeHTML(w, http.StatusNotFound, htmlNotFound)
		})
	}
	s.routesV1(api)
	mux.HandleFunc("GET /rest/api/server-information", s.serverInformation)
	mux.HandleFunc("GET /rest/api/content/{id}/child/attachment/{attachment}/download", s.download)
	mux.HandleFunc("GET /download/attachments/{id}/{name}", s.downloadOld)
	mux.HandleFunc("/", s.web)
	return mux
}

func (s *Site) routesV2(api func(string, handler)) {
	api("GET /api/v2/spaces", v2Spaces)
	api("GET /api/v2/spaces/{id}", v2Space)
	api("GET /api/v2/spaces/{id}/permissions", v2SpacePermissions)
	api("GET /api/v2/spaces/{id}/role-assignments", v2RoleAssignments)
	api("GET /api/v2/spaces/{id}/pages", inSpace(v2List(typePage)))
	api("GET /api/v2/spaces/{id}/blogposts", inSpace(v2List(typeBlogPost)))
	api("GET /api/v2/labels", v2Labels)
	api("GET /api/v2/labels/{id}/pages", v2LabelPages)
	api("GET /api/v2/attachments", v2Attachments)
	api("GET /api/v2/attachments/{id}", v2One(typeAttachment))
	api("GET /api/v2/attachments/{id}/labels", v2ContentLabels(typeAttachment))
	for _, kind := range []struct{ path, typ string }{{"pages", typePage}, {"blogposts", typeBlogPost}} {
		base := "GET /api/v2/" + kind.path
		api(base, everywhere(v2List(kind.typ)))
		api(base+"/{id}", v2One(kind.typ))
		api(base+"/{id}/labels", v2ContentLabels(kind.typ))
		api(base+"/{id}/attachments", v2ContentAttachments(kind.typ))
		api(base+"/{id}/footer-comments", v2Comments(kind.typ, false))
		api(base+"/{id}/inline-comments", v2Comments(kind.typ, true))
		api(base+"/{id}/versions", v2Versions(kind.typ))
		api(base+"/{id}/versions/{number}", v2Version(kind.typ))
		api(base+"/{id}/properties", v2Properties(kind.typ))
	}
	for _, kind := range []string{"footer-comments", "inline-comments"} {
		inline := kind == "inline-comments"
		api("GET /api/v2/"+kind, v2AllComments(inline))
		api("GET /api/v2/"+kind+"/{id}", v2One(typeComment))
		api("GET /api/v2/"+kind+"/{id}/children", v2Replies)
	}
	api("GET /api/v2/pages/{id}/children", v2Children(typePage, typePage))
	for _, typ := range []string{typePage, typeFolder, "whiteboard", "database", "embed"} {
		base := "GET /api/v2/" + typ + "s/{id}"
		if typ != typePage {
			api(base, v2One(typ))
		}
		api(base+"/ancestors", v2Ancestors(typ))
		api(base+"/direct-children", v2Children(typ, treeTypes...))
		api(base+"/descendants", v2Descendants(typ))
	}
	api("POST /api/v2/users-bulk", v2UsersBulk)
	api("POST /api/v2/content/convert-ids-to-types", v2ConvertIDs)
}

var treeTypes = []string{typePage, typeFolder, "whiteboard", "database", "embed"}

func (s *Site) routesV1(api func(string, handler)) {
	old := func(pattern string, h handler) { api(pattern, deprecated(h)) }
	old("GET /rest/api/content", v1Contents)
	old("GET /rest/api/content/{id}", v1Content)
	old("GET /rest/api/content/{id}/child", v1Child)
	old("GET /rest/api/content/{id}/child/{type}", v1Child)
	old("GET /rest/api/content/{id}/label", v1Labels)
	old("GET /rest/api/space", v1Spaces)
	old("GET /rest/api/space/{key}", v1Space)
	old("GET /rest/api/space/{key}/content", v1SpaceContent)
	old("GET /rest/api/space/{key}/content/{type}", v1SpaceContent)
	api("GET /rest/api/content/search", v1ContentSearch)
	api("GET /rest/api/search", v1Search)
	api("GET /rest/api/content/{id}/restriction", v1Restrictions)
	api("GET /rest/api/content/{id}/restriction/byOperation", v1RestrictionsByOperation)
	api("GET /rest/api/content/{id}/restriction/byOperation/{operation}", v1RestrictionsByOperation)
	api("POST /rest/api/content/{id}/permission/check", v1PermissionCheck)
	api("GET /rest/api/content/{id}/state", v1State)
	api("GET /rest/api/user/current", v1CurrentUser)
	api("GET /rest/api/user", v1User)
	api("GET /rest/api/user/bulk", v1UsersBulk)
	api("GET /rest/api/user/memberof", v1MemberOf)
	api("GET /rest/api/group", v1Groups)
	api("GET /rest/api/group/{group}/membersByGroupId", v1GroupMembers)
	api("GET /rest/api/group/{group}/member", v1GroupMembers)
	api("GET /rest/api/settings/systemInfo", v1SystemInfo)
}

// deprecated is an endpoint that Cloud removes.
func deprecated(h handler) handler {
	return func(c *caller) (any, error) {
		if c.site.behaviour.V1Removed && !c.site.options.DataCenter {
			return nil, gone()
		}
		return h(c)
	}
}

// one finds the content of the path that the caller may see, of one of the types; miss is the title of the 404.
func (c *caller) one(miss string, types ...string) (*content, error) {
	given := c.PathValue("id")
	id, ok := parseID(given)
	if !ok {
		return nil, badRequest("Provided value {%s} for 'id' is not the correct type. Expected type is long.", given)
	}
	found := c.site.contents[id]
	if found == nil || len(types) > 0 && !slices.Contains(types, found.typ) || !c.site.sees(c.user, found) || c.site.trouble[id].unreadable {
		return nil, notFound("%s", strings.ReplaceAll(miss, "%s", given))
	}
	return found, nil
}

// list reads an array parameter, repeated or with commas.
func (c *caller) list(name string) []string {
	var out []string
	for _, v := range c.URL.Query()[name] {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

func writeHTML(w http.ResponseWriter, status int, page string) {
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(page))
}
