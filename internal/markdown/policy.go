package markdown

import (
	"regexp"

	"github.com/microcosm-cc/bluemonday"
)

var (
	classOfCode  = regexp.MustCompile(`^(chroma|image-link|language-[\w+#.-]{1,40}|[a-z0-9]{1,3})$`)
	smallNumber  = regexp.MustCompile(`^\d{1,6}$`)
	checkboxType = regexp.MustCompile(`^checkbox$`)
	alignment    = regexp.MustCompile(`^(left|right|center)$`)
)

// newPolicy is the list of what page text may hold: the elements that Markdown makes, a few that people write as HTML
// in it, and links to the web or mail. No styles, scripts, frames, forms, images or event handlers.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "strong", "em", "b", "i", "u", "s", "del", "ins", "sub", "sup", "small", "kbd", "samp",
		"var", "q", "cite", "abbr", "blockquote", "ul", "ol", "li", "dl", "dt", "dd", "details", "summary",
		"table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption", "pre", "code", "span")
	p.AllowElements("h1", "h2", "h3", "h4", "h5", "h6")
	p.AllowAttrs("class").Matching(classOfCode).OnElements("pre", "code", "span", "a")
	p.AllowAttrs("start").Matching(smallNumber).OnElements("ol")
	p.AllowAttrs("colspan", "rowspan").Matching(smallNumber).OnElements("td", "th")
	p.AllowAttrs("align").Matching(alignment).OnElements("td", "th")
	p.AllowAttrs("title").OnElements("abbr", "a")
	p.AllowAttrs("type").Matching(checkboxType).OnElements("input")
	p.AllowAttrs("checked", "disabled").OnElements("input")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	return p
}
