package convert

import (
	"net/url"
	"regexp"
	"strings"
)

// site is the Confluence whose page is converted.
type site struct {
	base   string // without a trailing slash
	origin string // scheme and host
	path   string // of the base: "/wiki" on Cloud
}

func newSite(base string) site {
	base = strings.TrimRight(base, "/")
	s := site{base: base}
	if u, err := url.Parse(base); err == nil && u.Host != "" {
		s.origin = u.Scheme + "://" + u.Host
		s.path = u.Path
	}
	return s
}

// safe returns the absolute address of a target, or false if it is of a kind that no reader should follow, such as
// javascript:. The scheme is tested without control characters and white space, which browsers ignore.
func (s site) safe(target string) (string, bool) {
	target = strings.TrimSpace(strings.Map(visible, target))
	if target == "" {
		return "", false
	}
	scheme, _, found := strings.Cut(target, ":")
	if found && !strings.ContainsAny(scheme, "/?#") {
		switch strings.ToLower(strings.Join(strings.Fields(scheme), "")) {
		case "http", "https", "mailto", "tel", "ftp":
			return escapeURL(target), true
		}
		return "", false
	}
	return escapeURL(s.resolve(target)), true
}

// visible drops the characters that an address cannot hold; a decoder of percent signs is not needed, since "%0a" in a
// scheme is not a line break to a browser either.
func visible(r rune) rune {
	switch {
	case isDirt(r), r == '\n', r == '\t', r == 0x200B, r == 0xFEFF, r == 0x2060, r == 0xAD, r >= 0x202A && r <= 0x202E:
		return -1
	}
	return r
}

// resolve makes a relative target absolute.
func (s site) resolve(target string) string {
	switch {
	case strings.HasPrefix(target, "//"):
		scheme, _, found := strings.Cut(s.origin, ":")
		if !found {
			scheme = "https"
		}
		return scheme + ":" + target
	case s.base == "":
		return target
	case !strings.HasPrefix(target, "/"):
		return s.base + "/" + target
	case s.path == "" || strings.HasPrefix(target, s.path+"/"):
		return s.origin + target
	case ownPath.MatchString(target):
		return s.base + target
	default:
		return s.origin + target
	}
}

var (
	ownPath     = regexp.MustCompile(`^/(?:display|pages|spaces|download|x)/`)
	pathByID    = regexp.MustCompile(`^/(?:spaces/([^/?#]+)/)?(?:pages|blog/\d+/\d+/\d+)/(\d+)(?:/([^/?#]*))?`)
	pathByTitle = regexp.MustCompile(`^/display/([^/?#]+)/([^/?#]+)`)
	pathOfFile  = regexp.MustCompile(`^/download/(?:attachments|thumbnails)/(\d+)/([^?#]+)`)
)

// own returns the part of an address behind the site's base, false if it is on another site.
func (s site) own(address string) (string, bool) {
	if s.base == "" {
		return address, strings.HasPrefix(address, "/")
	}
	rest, ok := strings.CutPrefix(address, s.base)
	if !ok || rest != "" && !strings.ContainsAny(rest[:1], "/?#") {
		return "", false
	}
	return rest, true
}

// pageOf returns the page that an own path names.
func pageOf(path string) (PageRef, bool) {
	if m := pathByID.FindStringSubmatch(path); m != nil {
		return PageRef{ID: m[2], SpaceKey: m[1], Title: unescapeTitle(m[3])}, true
	}
	if strings.HasPrefix(path, "/pages/viewpage.action?") {
		if u, err := url.Parse(path); err == nil {
			if id := u.Query().Get("pageId"); id != "" {
				return PageRef{ID: id}, true
			}
		}
	}
	if m := pathByTitle.FindStringSubmatch(path); m != nil {
		return PageRef{SpaceKey: m[1], Title: unescapeTitle(m[2])}, true
	}
	return PageRef{}, false
}

func unescapeTitle(s string) string {
	if title, err := url.QueryUnescape(s); err == nil {
		return title
	}
	return s
}

// display is the address of a page that is known by space and title only.
func (s site) display(space, rest string) string {
	address := s.base + "/display/" + url.PathEscape(space)
	if rest != "" {
		address += "/" + rest
	}
	return address
}

func (s site) file(pageID, name string) string {
	return s.base + "/download/attachments/" + url.PathEscape(pageID) + "/" + url.PathEscape(name)
}

// escapeURL writes the characters of an address that would end it in Markdown as percent codes. Parentheses stay if
// they are balanced.
func escapeURL(s string) string {
	parens := !balanced(s)
	if !parens && !strings.ContainsAny(s, " <>\"\\`{}^\u00a0\u3000") {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '(' && parens:
			b.WriteString("%28")
		case r == ')' && parens:
			b.WriteString("%29")
		case r == '\\':
			b.WriteByte('/') // as browsers read it
		case strings.ContainsRune(" <>\"`{}^\u00a0\u3000", r):
			b.WriteString(url.PathEscape(string(r)))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func balanced(s string) bool {
	if !strings.ContainsAny(s, "()") {
		return true
	}
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth < 0 {
			return false
		}
	}
	return depth == 0
}

func isWebURL(s string) bool {
	return hasPrefixFold(s, "http://") || hasPrefixFold(s, "https://") || hasPrefixFold(s, "ftp://")
}

// findURL returns where the first bare address in running text stands, -1 if there is none. Punctuation behind it and
// an unmatched closing bracket are not part of it.
func findURL(s string) (start, end int) {
	for from := 0; ; {
		at := strings.Index(s[from:], "://")
		if at < 0 {
			return -1, -1
		}
		at += from
		from = at + 3
		start = at
		for start > 0 && at-start < 6 && isLetter(s[start-1]) {
			start--
		}
		switch strings.ToLower(s[start:at]) {
		case "http", "https", "ftp":
		default:
			continue
		}
		end = urlEnd(s, at+3)
		if end > at+3 {
			return start, end
		}
	}
}

func urlEnd(s string, i int) int {
	start, open := i, 0
	for i < len(s) && s[i] > ' ' && s[i] < 0x7F && !strings.ContainsRune("<>\"`\\|^{}", rune(s[i])) {
		if s[i] == '(' || s[i] == '[' {
			open++
		}
		if s[i] == ')' || s[i] == ']' {
			if open == 0 {
				break
			}
			open--
		}
		i++
	}
	for i > start && strings.IndexByte(".,;:!?'*_~([", s[i-1]) >= 0 {
		i--
	}
	return i
}
