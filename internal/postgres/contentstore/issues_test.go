package contentstore

import (
	"reflect"
	"testing"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/sources"
)

func TestIssuesLinkToTheJiraOfNow(t *testing.T) {
	t.Parallel()
	const (
		text  = "See [OPS-1](https://old.example/browse/OPS-1), [OPS-12](https://old.example/browse/OPS-12), OPS-3 and <https://old.example/browse/OPS-1>."
		typed = "https://old.example/browse/OPS-1?filter=1"
	)
	stored := []index.JiraLink{{Key: "OPS-1", Tier: 1, URL: "https://old.example/browse/OPS-1"}, {Key: "OPS-12", Tier: 1, URL: "https://old.example/browse/OPS-12"}, {Key: "OPS-3", Tier: 3}}
	out := []sources.Link{{Title: "OPS-1", URL: "https://old.example/browse/OPS-1"}, {Title: "a filter", URL: typed}}
	for _, c := range []struct{ jira, text, key, plain, link string }{
		{"https://old.example", text, "https://old.example/browse/OPS-12", "https://old.example/browse/OPS-3", "https://old.example/browse/OPS-1"},
		{
			"https://new.example/jira/", "See [OPS-1](https://new.example/jira/browse/OPS-1), [OPS-12](https://new.example/jira/browse/OPS-12), OPS-3 and <https://old.example/browse/OPS-1>.",
			"https://new.example/jira/browse/OPS-12", "https://new.example/jira/browse/OPS-3", "https://new.example/jira/browse/OPS-1",
		},
		{"", "See OPS-1, OPS-12, OPS-3 and <https://old.example/browse/OPS-1>.", "", "", ""},
	} {
		page := sources.Page{Markdown: text, ExternalLinks: append([]sources.Link{}, out...)}
		linkIssues(&page, stored, c.jira)
		if page.Markdown != c.text {
			t.Errorf("with JIRA at %q:\n got %s\nwant %s", c.jira, page.Markdown, c.text)
		}
		if page.JiraKeys[1].URL != c.key || page.JiraKeys[2].URL != c.plain {
			t.Errorf("with JIRA at %q: keys %+v", c.jira, page.JiraKeys)
		}
		want := []sources.Link{{Title: "OPS-1", URL: c.link}, {Title: "a filter", URL: typed}}
		if c.link == "" {
			want = want[1:]
		}
		if !reflect.DeepEqual(page.ExternalLinks, want) {
			t.Errorf("with JIRA at %q: links out %+v, want %+v", c.jira, page.ExternalLinks, want)
		}
	}
	if stored[0].URL != "https://old.example/browse/OPS-1" {
		t.Errorf("the stored links were changed: %+v", stored)
	}
}
