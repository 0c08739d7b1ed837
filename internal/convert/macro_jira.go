package convert

import (
	"net/url"
	"strings"
)

// jira writes an issue as its key, linked when the Jira is known, or a query as code.
func jira(c *converter, m macro) error {
	if keys := m.issueKeys(); len(keys) > 0 {
		for i, k := range keys {
			if i > 0 {
				c.w.text(", ")
			}
			c.issue(m, k)
		}
		return nil
	}
	html := c.ctx.Rendered[m.n.attr("ac:macro-id")]
	if jql := m.text("jqlQuery", "jql"); jql != "" {
		c.query(jql, html != "")
	} else if html == "" {
		c.rec.dynamic[m.name]++
	}
	if html != "" {
		c.rendered(html)
	}
	return nil
}

// issueKeys are the keys that the macro shows, upper case; none if it shows what a query finds.
func (m macro) issueKeys() []string {
	key := strings.ToUpper(m.text("key", "issuekey", ""))
	if strings.ContainsAny(key, " =<>~") {
		return nil
	}
	return strings.FieldsFunc(key, func(r rune) bool { return r == ',' || r == ';' })
}

func (c *converter) issue(m macro, key string) {
	if wholeKey.MatchString(key) {
		c.rec.key(key, TierMacro)
	}
	base := firstOf(c.ctx.JiraServers[m.text("serverId")], c.ctx.JiraServers[m.text("server")], c.ctx.JiraBaseURL)
	address, ok := c.site.safe(strings.TrimRight(base, "/") + "/browse/" + url.PathEscape(key))
	if base == "" || !ok {
		c.w.text(key)
		return
	}
	c.writeLink(target{url: address}, func() { c.w.text(key) })
}

// query writes a Jira query. What it finds is known to Jira only, unless it was rendered.
func (c *converter) query(jql string, rendered bool) {
	c.rec.keysInQuery(jql)
	if !rendered {
		c.rec.dynamic["jira query"]++
	}
	c.w.text("Jira query: ")
	c.codeSpanRaw(oneLine(jql))
}
