package confluencetest

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

var (
	pagePath    = regexp.MustCompile(`^/spaces/[^/]+/(?:pages|folder|whiteboard|database|embed|blog/\d+/\d+/\d+)/(\d+)`)
	spacePath   = regexp.MustCompile(`^/(?:spaces|display)/([^/]+)(?:/overview)?/?$`)
	displayPath = regexp.MustCompile(`^/display/([^/]+)/(.+)$`)
	issueKey    = regexp.MustCompile(`^[A-Z][A-Z0-9]+-\d+$`)
)

// web shows what links for people lead to: pages, folders, spaces.
func (s *Site) web(w http.ResponseWriter, r *http.Request) {
	s.refreshIndex()
	s.mu.RLock()
	defer s.mu.RUnlock()
	u := s.users[s.secrets[credential(r, s.options.DataCenter)]]
	if u == nil && !s.options.PublicWeb {
		writeHTML(w, http.StatusUnauthorized, LoginPage().body)
		return
	}
	path := r.URL.Path
	switch {
	case path == "/":
		s.writePage(w, s.options.Title, "", s.spaceList(u))
		return
	case spacePath.MatchString(path):
		if sp := s.spaceByKey(spacePath.FindStringSubmatch(path)[1]); sp != nil && s.webSees(u, sp.readers) {
			s.writeContent(w, u, s.contents[sp.homepage])
			return
		}
	case pagePath.MatchString(path):
		id, _ := parseID(pagePath.FindStringSubmatch(path)[1])
		s.writeContent(w, u, s.contents[id])
		return
	case path == "/pages/viewpage.action" || path == "/pages/viewpageattachments.action":
		id, _ := parseID(r.URL.Query().Get("pageId"))
		s.writeContent(w, u, s.contents[id])
		return
	case displayPath.MatchString(path):
		m := displayPath.FindStringSubmatch(path)
		s.writeContent(w, u, s.byTitle(m[1], strings.ReplaceAll(m[2], "+", " ")))
		return
	}
	s.writeMissing(w)
}

// issue stands in for the JIRA that shares a Cloud site's host: it names the issue and the pages that mention it.
func (s *Site) issue(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	u := s.users[s.secrets[credential(r, s.options.DataCenter)]]
	key := r.PathValue("key")
	if !issueKey.MatchString(key) {
		s.writeMissing(w)
		return
	}
	word := regexp.MustCompile(`\b` + regexp.QuoteMeta(key) + `\b`)
	var items []string
	for _, x := range s.contents {
		if (x.typ == typePage || x.typ == typeBlogPost) && s.visible(u, x) && word.MatchString(x.body()) {
			items = append(items, "<li>"+s.anchor(x)+"</li>")
		}
	}
	slices.Sort(items)
	body := `<p class="meta">An issue in the JIRA of this site.</p>`
	if len(items) > 0 {
		body += "<h2>Mentioned on</h2><ul>" + strings.Join(items, "") + "</ul>"
	}
	s.writePage(w, key, "", body)
}

func (s *Site) byTitle(key, title string) *content {
	if sp := s.spaceByKey(key); sp != nil {
		for _, id := range s.bySpace[sp.id] {
			if x := s.contents[id]; x.typ == typePage && strings.EqualFold(x.title, title) {
				return x
			}
		}
	}
	return nil
}

// webSees tells whether a visitor, who may be nobody, is among the readers.
func (s *Site) webSees(u *User, readers Readers) bool {
	return readers.empty() || u != nil && readers.names(u)
}

func (s *Site) visible(u *User, x *content) bool {
	switch {
	case x == nil || x.status == statusTrashed || x.status == statusDraft || s.spaces[x.space] == nil:
		return false
	case u != nil:
		return s.sees(u, x)
	default:
		return s.spaces[x.space].readers.empty() && !s.restricted(x)
	}
}

func (s *Site) writeMissing(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.WriteHeader(http.StatusNotFound)
	s.writePage(w, "Page not found", "", "<p>There is no such page, or you may not see it.</p>")
}

func (s *Site) writeContent(w http.ResponseWriter, u *User, x *content) {
	if !s.visible(u, x) {
		s.writeMissing(w)
		return
	}
	var crumbs strings.Builder
	for _, a := range s.ancestors(x) {
		crumbs.WriteString(s.anchor(a) + " / ")
	}
	var body strings.Builder
	meta := fmt.Sprintf("Version %d, %s", x.version, x.modified.Format("2 January 2006 15:04"))
	if editor := s.users[x.editor]; editor != nil {
		meta += ", " + editor.Name
	}
	if labels := publicLabels(x.labels); len(labels) > 0 {
		meta += " · " + strings.Join(labels, ", ")
	}
	body.WriteString(`<p class="meta">` + html.EscapeString(meta) + "</p>")
	if x.hasBody() {
		body.WriteString(s.renderStorage(x, x.body()))
	}
	s.writePage(w, x.title, crumbs.String(), body.String()+s.childList(u, x))
}

func (s *Site) anchor(x *content) string {
	return `<a href="` + html.EscapeString(s.options.ContextPath+s.webUI(x)) + `">` + html.EscapeString(x.title) + "</a>"
}

func (s *Site) childList(u *User, x *content) string {
	var b strings.Builder
	for _, child := range s.children(x.id, treeTypes...) {
		if s.visible(u, child) {
			b.WriteString("<li>" + s.anchor(child) + "</li>")
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "<nav aria-label=\"Child pages\"><h2>Child pages</h2><ul>" + b.String() + "</ul></nav>"
}

func (s *Site) spaceList(u *User) string {
	var items []string
	for _, sp := range s.spaces {
		if s.webSees(u, sp.readers) {
			items = append(items, fmt.Sprintf(`<li><a href="%s/spaces/%s">%s</a></li>`, s.options.ContextPath, sp.key, html.EscapeString(sp.name)))
		}
	}
	slices.Sort(items)
	return "<ul>" + strings.Join(items, "") + "</ul>"
}

const webStyle = `body{font:16px/1.6 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;color:#1d2733;background:#fff}
header{color:#52606d;font-size:.9rem}.meta,.parameter{color:#52606d;font-size:.85rem}
pre,code{background:#f3f5f7;font:.85rem/1.5 ui-monospace,monospace}pre{padding:.75rem;overflow:auto}
table{border-collapse:collapse}td,th{border:1px solid #cbd2d9;padding:.3rem .6rem;text-align:left}
.lozenge{background:#e4e9ef;border-radius:3px;padding:0 .35rem;font-size:.85rem}
.macro{border-left:3px solid #cbd2d9;padding-left:.75rem;margin:.5rem 0}a{color:#0b5cad}`

func (s *Site) writePage(w http.ResponseWriter, title, crumbs, body string) {
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_, _ = fmt.Fprintf(w, `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">`+
		`<title>%[1]s - %[2]s</title><style>%[3]s</style></head><body><header><a href="%[4]s/">%[2]s</a> / %[5]s</header>`+
		`<main><h1>%[1]s</h1>%[6]s</main></body></html>`,
		html.EscapeString(title), html.EscapeString(s.options.Title), webStyle, s.options.ContextPath, crumbs, body)
}
