package e2e_test

import (
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
)

// markup is text that would run as a script wherever it were written into a page as it is.
const markup = `<script>alert(1)</script><img src=x onerror=alert(2)>"'><svg onload=alert(3)>`

// newSite is a small Confluence: OPS with runbooks, EVIL with markup wherever people can type, and EMPTY.
func newSite() *confluencetest.Site {
	site := confluencetest.New(confluencetest.Options{Title: "Test", PublicWeb: true, Seed: 1})
	site.AddUser(confluencetest.User{ID: "712020:sync", Name: "Sync", Email: siteEmail, Groups: []string{"staff"}})
	site.AddUser(confluencetest.User{ID: "712020:evil", Name: "Eve " + markup, Email: "eve@example.org"})
	site.AddToken("712020:sync", siteToken)

	site.AddSpace(confluencetest.Space{Key: "OPS", Name: "Operations"})
	runbooks := site.AddPage("OPS", confluencetest.Page{Title: "Runbooks", Body: "<p>What to do when something breaks.</p>"})
	site.AddPage("OPS", confluencetest.Page{
		ID: "7001", Title: "Scrape interval", Parent: runbooks, Labels: []string{"prometheus"},
		Body: `<h2>Default</h2><p>The scrape interval of Prometheus is 30 seconds, see ` + jira("OPS-12") + `.</p><h2>Changing it</h2><p>Edit the configuration and reload.</p>`,
	})
	site.AddPage("OPS", confluencetest.Page{
		ID: "7002", Title: "Roll back a deployment", Parent: runbooks, Labels: []string{"deploy"},
		Body: `<p>Run the pipeline of the previous release. ` + jira("OPS-12") + `</p><p><ac:link><ri:page ri:content-title="Scrape interval"/></ac:link></p>`,
	})
	site.AddPage("OPS", confluencetest.Page{ID: "7003", Title: "On call", Body: "<p>Who carries the pager this week.</p>"})
	site.AddBlogPost("OPS", confluencetest.Page{ID: "7004", Title: "Outage in March", Body: "<p>The database ran out of connections.</p>"})

	site.AddSpace(confluencetest.Space{Key: "EVIL", Name: "Space " + markup})
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(markup)
	site.AddPage("EVIL", confluencetest.Page{
		ID: "8001", Title: "Zebra " + markup, Author: "712020:evil", Editor: "712020:evil", Labels: []string{"zebra", `"><script>alert(4)</script>`},
		Body: `<h2>` + escaped + `</h2><p>zebra ` + escaped + `</p><p><a href="javascript:alert(5)">zebra link</a></p>` +
			`<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[zebra ` + markup + `]]></ac:plain-text-body></ac:structured-macro>`,
	})
	site.AddSpace(confluencetest.Space{Key: "EMPTY", Name: "Nothing yet"})
	return site
}

func jira(key string) string {
	return `<ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">` + key + `</ac:parameter></ac:structured-macro>`
}

// slowAnswer is long enough for a run to last a while.
const slowAnswer = 300 * time.Millisecond

// slowSite makes every answer wait.
func slowSite() confluencetest.Fault { return confluencetest.Slow(slowAnswer) }
