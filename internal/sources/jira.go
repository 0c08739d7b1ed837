package sources

import (
	"net/url"
	"strings"

	"github.com/sluicehq/sluice/internal/wiki"
)

// jiraOf is the address of the JIRA that belongs to a Confluence site: with Cloud both live on one host. It is empty
// where that cannot be told, for Data Center and for the API gateway; issue keys then filter and lead nowhere.
func jiraOf(deployment wiki.Deployment, baseURL string) string {
	u, err := url.Parse(baseURL)
	if err != nil || deployment != wiki.Cloud || u.Host == "" || strings.HasPrefix(u.Path, "/ex/confluence/") {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// checkJira returns the address without a slash at its end; wiki.InvalidError where it is none for a browser. Empty is
// allowed.
func checkJira(address string) (string, error) {
	address = strings.TrimRight(strings.TrimSpace(address), "/")
	if address == "" {
		return "", nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return "", wiki.Invalid("jira_base_url", "must be an address such as https://example.atlassian.net")
	}
	return address, nil
}
