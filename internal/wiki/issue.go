package wiki

import (
	"net/url"
	"strings"
)

// IssueURL is the address at which the JIRA at base shows an issue (/browse/KEY); empty where base is.
func IssueURL(base, key string) string {
	if base == "" {
		return ""
	}
	return strings.TrimSuffix(base, "/") + "/browse/" + url.PathEscape(key)
}
