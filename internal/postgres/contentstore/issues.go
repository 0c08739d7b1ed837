package contentstore

import (
	"slices"
	"strings"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// linkIssues gives the page its JIRA keys with links into the JIRA that its connection names now. Where another was named
// when the page was processed, the links in its text follow, so that a new address holds at once for every stored page; an
// address that somebody wrote out on the page stays as it is.
func linkIssues(page *sources.Page, stored []index.JiraLink, jira string) {
	for _, issue := range stored {
		was := issue.URL
		issue.URL = wiki.IssueURL(jira, issue.Key)
		page.JiraKeys = append(page.JiraKeys, sources.JiraKey(issue))
		if was == "" || was == issue.URL {
			continue
		}
		text := issue.Key
		if issue.URL != "" {
			text = "[" + issue.Key + "](" + issue.URL + ")"
		}
		page.Markdown = strings.ReplaceAll(page.Markdown, "["+issue.Key+"]("+was+")", text)
		page.ExternalLinks = slices.DeleteFunc(page.ExternalLinks, func(l sources.Link) bool {
			return issue.URL == "" && l.Title == issue.Key && l.URL == was
		})
		for i, l := range page.ExternalLinks {
			if l.Title == issue.Key && l.URL == was {
				page.ExternalLinks[i].URL = issue.URL
			}
		}
	}
}
