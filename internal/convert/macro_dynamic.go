package convert

// dynamicMacros show what Confluence computes when the page is viewed; nothing of it is in the page.
var dynamicMacros = []string{ //nolint:gochecknoglobals // a table
	"children", "pagetree", "pagetreesearch", "recently-updated", "contentbylabel", "attachments", "livesearch",
	"detailssummary", "tasks-report-macro", "blog-posts", "popular-labels", "recently-used-labels", "related-labels",
	"listlabels", "spaces", "space-details", "space-attachments", "contributors", "contributors-summary",
	"change-history", "content-report-table", "create-from-template", "favpages", "global-reports", "index", "navmap",
	"profile-picture", "userlister", "gadget", "loremipsum",
}

// dynamic leaves nothing, unless the caller had the macro rendered by Confluence.
func dynamic(c *converter, m macro) error {
	if html := c.ctx.Rendered[m.n.attr("ac:macro-id")]; html != "" {
		c.rendered(html)
		return nil
	}
	c.rec.dynamic[m.name]++
	return nil
}

// drop leaves nothing of macros without a meaning outside Confluence.
func drop(c *converter, m macro) error {
	c.rec.dropped["macro "+m.name]++
	return nil
}

// titleOnly keeps the title of macros whose content is elsewhere.
func titleOnly(c *converter, m macro) error {
	c.boldLine(m.text("title"))
	return nil
}
