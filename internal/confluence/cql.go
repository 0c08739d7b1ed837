package confluence

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// quote makes a CQL literal of any text.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// within is a condition on the time of modification that the server's own clock evaluates: a literal would be read in a
// time zone that nobody can find out. A minute is added because times in the index have no seconds.
func within(window time.Duration) string {
	minutes := int((window+time.Minute-1)/time.Minute) + 1
	return `lastmodified >= now("-` + strconv.Itoa(max(minutes, 1)) + `m")`
}

// idList is the condition on a handful of ids; the caller knows that they are numbers.
func idList(ids []string) string { return "id in (" + strings.Join(ids, ", ") + ")" }

// numeric reports whether an id can be one of a content. Others are not put into paths and queries.
func numeric(id string) bool {
	if id == "" || len(id) > 20 {
		return false
	}
	return strings.Trim(id, "0123456789") == ""
}

func numerics(ids []string) []string {
	seen := make(map[string]bool, len(ids))
	var list []string
	for _, id := range ids {
		if numeric(id) && !seen[id] {
			seen[id] = true
			list = append(list, id)
		}
	}
	return list
}

// searchLimit is the most rows that a search answers with while no bodies are asked for.
const searchLimit = 200

// search lists what a CQL query finds, as content. The query stays the same for the whole walk: a cursor belongs to one.
func search[T row](ctx context.Context, c *Client, cql, expand string, limit int) iter.Seq2[T, error] {
	w := &walk[T]{c: c, index: true, r: request{path: "/rest/api/content/search", query: url.Values{
		"cql": {cql}, "expand": {expand}, "limit": {strconv.Itoa(limit)},
	}}}
	if c.cloud() {
		return w.cursors(ctx)
	}
	return w.offsets(ctx)
}
