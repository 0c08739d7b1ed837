package convert

import (
	"slices"
	"strings"
)

// Needs is what a page asks of the look-ups, so that the caller can resolve it in bulk before Convert. Everything is
// in the order of the page, each once.
type Needs struct {
	Users    []string  // account ids, user keys and user names
	Pages    []PageRef // targets of links
	Includes []PageRef // pages whose stored body could be shown
	Dynamic  []Dynamic // macros that only Confluence can render
	// JiraProjects are the projects of the keys that macros and addresses name: these exist for certain.
	JiraProjects []string
}

// Dynamic is a macro whose content exists only when Confluence renders it.
type Dynamic struct {
	Name    string
	MacroID string // what Context.Rendered is keyed by; empty on old pages, which cannot be rendered by macro
}

// Scan parses a body and returns its needs; see Document.Needs. To convert afterwards, Parse once and use the Document.
func Scan(storage, baseURL string) Needs { return Parse(storage).Needs(Context{BaseURL: baseURL}) }

// Needs lists what the document asks of the look-ups. Of the context, the site's address and the page are used: the one
// tells own links from others, the other completes links within the space.
func (d *Document) Needs(ctx Context) Needs {
	s := scanner{c: converter{ctx: ctx, site: newSite(ctx.BaseURL), page: ctx.Page, macros: macros}}
	s.walk(d.root)
	for _, k := range s.c.rec.keys {
		if p := project(k.key); !(k.query && slices.Contains(stopList, p)) && !slices.Contains(s.needs.JiraProjects, p) {
			s.needs.JiraProjects = append(s.needs.JiraProjects, p)
		}
	}
	return s.needs
}

type scanner struct {
	c     converter
	needs Needs
	users map[string]bool
	pages map[PageRef]bool
}

func (s *scanner) walk(n *node) {
	for child := n.first; child != nil; child = child.next {
		if child.kind == elementNode {
			s.element(child)
		} else {
			s.text(child.data)
		}
	}
}

// text looks for the addresses of issues in running text.
func (s *scanner) text(text string) {
	for strings.Contains(text, "://") {
		start, end := findURL(text)
		if start < 0 {
			return
		}
		s.c.rec.keysInURL(text[start:end])
		text = text[end:]
	}
}

func (s *scanner) element(n *node) {
	switch n.tag {
	case tagMacro:
		s.macro(n)
		return
	case tagRiUser:
		s.user(n)
	case tagRiPage, tagRiContent, tagRiBlogPost:
		ref := PageRef{SpaceKey: s.c.spaceKey(n), Title: n.attr("ri:content-title")}
		if ref.Title == "" {
			ref = PageRef{ID: n.attr("ri:content-id")}
		}
		s.page(ref)
	case tagPre, tagPlainBody, tagScript, tagPlaceholder, tagAtDeclarations:
		return // code names no issues, and what nobody sees names nothing
	case tagA:
		s.hyperlink(n)
	default:
	}
	s.walk(n)
}

func (s *scanner) hyperlink(n *node) {
	href := n.attr("href")
	s.c.rec.keysInURL(href)
	address, ok := s.c.site.safe(href)
	if !ok {
		return
	}
	path, own := s.c.site.own(address)
	if !own {
		return
	}
	if ref, ok := pageOf(path); ok {
		if ref.ID != "" {
			ref = PageRef{ID: ref.ID}
		}
		s.page(ref)
	}
}

// macro looks into the bodies of a macro; of its parameters only those that name something shown.
func (s *scanner) macro(n *node) {
	m := macro{n: n, name: macroName(n)}
	switch {
	case m.name == "include" || m.name == "excerpt-include":
		if ref, _, ok := m.included(&s.c); ok {
			s.page(ref)
			if !slices.Contains(s.needs.Includes, ref) {
				s.needs.Includes = append(s.needs.Includes, ref)
			}
		}
	case m.name == "jira" || m.name == "jiraissues":
		keys := m.issueKeys()
		if len(keys) == 0 {
			s.needs.Dynamic = append(s.needs.Dynamic, Dynamic{Name: m.name, MacroID: n.attr("ac:macro-id")})
		}
		for _, key := range keys {
			if wholeKey.MatchString(key) {
				s.c.rec.key(key, TierMacro)
			}
		}
		s.c.rec.keysInQuery(m.text("jqlQuery", "jql"))
	case m.name == "profile":
		if user := m.resource("user", tagRiUser); user != nil {
			s.user(user)
		}
	case slices.Contains(dynamicMacros, m.name):
		s.needs.Dynamic = append(s.needs.Dynamic, Dynamic{Name: m.name, MacroID: n.attr("ac:macro-id")})
	}
	for child := n.first; child != nil; child = child.next {
		if child.kind == elementNode && child.tag != tagParameter && child.tag != tagDefaultParameter {
			s.element(child)
		}
	}
}

func (s *scanner) user(n *node) {
	id, _ := userID(n)
	if id == "" || s.users[id] {
		return
	}
	if s.users == nil {
		s.users = map[string]bool{}
	}
	s.users[id] = true
	s.needs.Users = append(s.needs.Users, id)
}

func (s *scanner) page(ref PageRef) {
	if ref == (PageRef{}) || ref.ID == "" && (ref.Title == "" || ref.Title[0] == '@') || s.pages[ref] {
		return
	}
	if s.pages == nil {
		s.pages = map[PageRef]bool{}
	}
	s.pages[ref] = true
	s.needs.Pages = append(s.needs.Pages, ref)
}
