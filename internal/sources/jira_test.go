package sources

import (
	"errors"
	"testing"

	"github.com/sluicehq/sluice/internal/wiki"
)

func TestJiraOfASite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		deployment    wiki.Deployment
		baseURL, want string
	}{
		{wiki.Cloud, "https://example.atlassian.net/wiki", "https://example.atlassian.net"},
		{wiki.Cloud, "http://127.0.0.1:8090/wiki", "http://127.0.0.1:8090"},
		{wiki.Cloud, "https://api.atlassian.com/ex/confluence/0aa1/wiki", ""},
		{wiki.DataCenter, "https://wiki.example.org", ""},
		{wiki.Cloud, "no address", ""},
	} {
		if got := jiraOf(c.deployment, c.baseURL); got != c.want {
			t.Errorf("JIRA of %s %s: %q, want %q", c.deployment, c.baseURL, got, c.want)
		}
	}
}

func TestCheckJira(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ given, want string }{
		{"", ""},
		{" https://jira.example.org/ ", "https://jira.example.org"},
		{"http://jira:8080/jira", "http://jira:8080/jira"},
	} {
		if got, err := checkJira(c.given); err != nil || got != c.want {
			t.Errorf("%q: %q, %v; want %q", c.given, got, err, c.want)
		}
	}
	for _, given := range []string{"jira.example.org", "javascript:alert(1)", "ftp://jira.example.org", "https://"} {
		if _, err := checkJira(given); !errors.Is(err, wiki.ErrInvalid) {
			t.Errorf("%q: %v, want a fault of the input", given, err)
		}
	}
}
