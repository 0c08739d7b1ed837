package confluencetest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"hash/fnv"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cursor is where a walk stands: the sort value and the id of the last row. There is no state on the server.
type cursor struct {
	ID     string `json:"id"`
	Order  string `json:"contentOrder"`
	Value  string `json:"contentOrderValue"`
	Issued int64  `json:"issued"`
	Query  uint32 `json:"query,omitempty"`
}

func (c cursor) encode(prefix string) string {
	raw, _ := json.Marshal(c) //nolint:errchkjson // strings and numbers
	return prefix + base64.StdEncoding.EncodeToString(raw)
}

const badCursor = "Provided value for 'cursor' is not the correct type. Expected type is Cursor. Restart from the first request."

// readCursor returns the cursor of the request; nil for a first page.
func readCursor(c *caller, prefix string) (*cursor, error) {
	given := c.URL.Query().Get("cursor")
	if given == "" {
		return nil, nil //nolint:nilnil // no cursor is the first page
	}
	encoded, ok := strings.CutPrefix(given, prefix)
	raw, err := base64.StdEncoding.DecodeString(encoded)
	at := new(cursor)
	if !ok || err != nil || json.Unmarshal(raw, at) != nil {
		return nil, badRequest(badCursor)
	}
	life := c.site.behaviour.CursorLife
	if life > 0 && c.site.now().Sub(time.UnixMilli(at.Issued)) > life {
		return nil, badRequest(badCursor)
	}
	return at, nil
}

// limit reads the limit parameter; beyond the bounds is a 400 on v2 and clipped on v1.
func limit(c *caller, standard, most int) (int, error) {
	n := standard
	if given := c.URL.Query().Get("limit"); given != "" {
		var err error
		if n, err = strconv.Atoi(given); err != nil || n < 0 || c.v2 && (n < 1 || n > most) {
			return 0, badRequest("Provided value {%s} for 'limit' is not valid. Expected a number from 1 to %d.", given, most)
		}
	}
	n = min(n, most)
	if f := faultOf(c.Request); f != nil && f.clip > 0 {
		n = min(n, f.clip)
	}
	return n, nil
}

// row is something that can be listed and sorted.
type row struct {
	id    int64
	value string // of the sort order, comparable as text
	make  func() any
}

// sortKey writes a time so that it compares as text.
func sortKey(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000") }

// page cuts one page out of all rows and says where the next begins. order is "id", "-modified-date" and so on.
func page(c *caller, rows []row, order string, standard, most int) (obj, error) {
	size, err := limit(c, standard, most)
	if err != nil {
		return nil, err
	}
	at, err := readCursor(c, "")
	if err != nil {
		return nil, err
	}
	if at != nil && at.Order != order {
		return nil, badRequest(badCursor)
	}
	compare := ordering(order)
	slices.SortFunc(rows, compare)
	if at != nil {
		last := row{value: at.Value}
		last.id, _ = strconv.ParseInt(at.ID, 10, 64)
		first, _ := slices.BinarySearchFunc(rows, last, func(r, l row) int {
			if compare(r, l) <= 0 {
				return -1
			}
			return 1
		})
		rows = rows[first:]
	}
	more := len(rows) > size
	rows = rows[:min(size, len(rows))]
	results := make([]any, len(rows))
	for i, r := range rows {
		results[i] = r.make()
	}
	links := obj{"base": c.base}
	if more {
		last := rows[len(rows)-1]
		next := cursor{ID: idString(last.id), Order: order, Value: last.value, Issued: c.site.now().UnixMilli()}
		links["next"] = c.site.shuffled(c, c.site.options.ContextPath+c.URL.Path, map[string]string{"cursor": next.encode("")})
	}
	return obj{"results": results, "_links": links}, nil
}

func ordering(order string) func(a, b row) int {
	sign := 1
	if strings.HasPrefix(order, "-") {
		sign = -1
	}
	return func(a, b row) int {
		return sign * cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.id, b.id))
	}
}

// shuffled is the path with the parameters of the request, changed by set, in an order that differs from time to time.
func (s *Site) shuffled(c *caller, path string, set map[string]string) string {
	query := c.URL.Query()
	for key, value := range set {
		query.Set(key, value)
	}
	var pairs []string
	for key, values := range query {
		for _, v := range values {
			pairs = append(pairs, url.QueryEscape(key)+"="+url.QueryEscape(v))
		}
	}
	slices.Sort(pairs)
	turn := int(s.turn.Load() % uint64(len(pairs)))
	pairs = append(pairs[turn:len(pairs):len(pairs)], pairs[:turn]...)
	return path + "?" + strings.Join(pairs, "&")
}

func replaceQuery(link, key, value string) string {
	path, raw, _ := strings.Cut(link, "?")
	query, err := url.ParseQuery(raw)
	if err != nil {
		return link
	}
	query.Set(key, value)
	return path + "?" + query.Encode()
}

// offsetPage cuts a page by start and limit, as old endpoints and Data Center do. When the site clips a page, next
// still jumps by what was asked.
func offsetPage(c *caller, total, most int, render func(i int) any) (obj, error) {
	size, err := limit(c, 25, most)
	if err != nil {
		return nil, err
	}
	query := c.URL.Query()
	start, _ := strconv.Atoi(query.Get("start"))
	start = max(start, 0)
	asked, err := strconv.Atoi(query.Get("limit"))
	if err != nil {
		asked = size
	}
	results := []any{}
	for i := start; i < min(start+size, total); i++ {
		results = append(results, render(i))
	}
	links := obj{"base": c.base, "context": c.site.options.ContextPath, "self": c.base + c.URL.Path}
	if start+size < total && size > 0 {
		links["next"] = c.site.shuffled(c, c.URL.Path, map[string]string{"start": strconv.Itoa(start + asked), "limit": strconv.Itoa(asked)})
	}
	return obj{"results": results, "start": start, "limit": size, "size": len(results), "_links": links}, nil
}

func hash(s string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s))
	return h.Sum32()
}
