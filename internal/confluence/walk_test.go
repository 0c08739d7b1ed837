package confluence

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/wiki"
)

// listed are the ids of a listing.
func listed(t *testing.T, c *Client) ([]string, error) {
	t.Helper()
	refs, err := collect(c.List(t.Context(), testSpace, wiki.TypePage))
	var ids []string
	for _, ref := range refs {
		ids = append(ids, ref.ID)
	}
	return ids, err
}

func TestCursorTraps(t *testing.T) {
	t.Parallel()
	// pages answers the nth call for a cursor.
	type pages func(cursor string, call int) (status int, body string)
	for _, tt := range []struct {
		name  string
		pages pages
		want  []string // nil: an error
		kind  error
	}{
		{name: "one page", pages: func(string, int) (int, string) { return 200, listJSON("", 1, 2) }, want: []string{"1", "2"}},
		{name: "no rows", pages: func(string, int) (int, string) { return 200, listJSON("") }, want: []string{}},
		{name: "cursor is decoded once", pages: func(cursor string, _ int) (int, string) {
			switch cursor {
			case "":
				return 200, listJSON("a%2Bb%3D%3D", 1)
			case "a+b==":
				return 200, listJSON("", 2)
			default:
				return 400, `{"errors":[{"status":400,"code":"INVALID_REQUEST_PARAMETER","title":"bad cursor"}]}`
			}
		}, want: []string{"1", "2"}},
		{name: "duplicates and short pages", pages: func(cursor string, _ int) (int, string) {
			return 200, map[string]string{"": listJSON("x", 1, 2), "x": listJSON("y", 2), "y": listJSON("", 2, 3, 3)}[cursor]
		}, want: []string{"1", "2", "3"}},
		{name: "repeated cursor", pages: func(cursor string, _ int) (int, string) {
			return 200, map[string]string{"": listJSON("x", 1), "x": listJSON("x", 2)}[cursor]
		}, kind: wiki.ErrUnavailable},
		{name: "circle of cursors", pages: func(cursor string, _ int) (int, string) {
			return 200, map[string]string{"": listJSON("x", 1), "x": listJSON("y", 2), "y": listJSON("x", 3)}[cursor]
		}, kind: wiki.ErrUnavailable},
		{name: "cursor repeated only once", pages: func(cursor string, call int) (int, string) {
			if cursor == "x" && call == 1 {
				return 200, listJSON("x", 2)
			}
			return 200, map[string]string{"": listJSON("x", 1), "x": listJSON("", 2)}[cursor]
		}, want: []string{"1", "2"}},
		{name: "a page that lost its rows once", pages: func(cursor string, call int) (int, string) {
			if cursor == "" && call == 1 {
				return 200, listJSON("x")
			}
			return 200, map[string]string{"": listJSON("x", 1), "x": listJSON("", 2)}[cursor]
		}, want: []string{"1", "2"}},
		{name: "a page whose rows may not be seen", pages: func(cursor string, _ int) (int, string) {
			return 200, map[string]string{"": listJSON("x", 1), "x": listJSON("y"), "y": listJSON("", 2)}[cursor]
		}, want: []string{"1", "2"}},
		{name: "only empty pages", pages: func(cursor string, _ int) (int, string) {
			return 200, map[string]string{"": listJSON("x"), "x": listJSON("")}[cursor]
		}, kind: wiki.ErrUnavailable},
		{name: "empty for ever", pages: func(cursor string, _ int) (int, string) {
			n, _ := strconv.Atoi(cursor)
			if n == 0 {
				return 200, listJSON("1", 1)
			}
			return 200, listJSON(strconv.Itoa(n + 1))
		}, kind: wiki.ErrUnavailable},
		{name: "no results", pages: func(string, int) (int, string) { return 200, `{"_links":{}}` }, kind: wiki.ErrUnavailable},
		{name: "results are null once", pages: func(_ string, call int) (int, string) {
			if call == 1 {
				return 200, `{"results":null}`
			}
			return 200, listJSON("", 1)
		}, want: []string{"1"}},
		{name: "a row without an id", pages: func(string, int) (int, string) {
			return 200, `{"results":[{"status":"current","version":{"number":1,"createdAt":"2026-01-02T03:04:05Z"}}]}`
		}, kind: wiki.ErrUnavailable},
		{name: "a row without a version", pages: func(string, int) (int, string) {
			return 200, `{"results":[{"id":"1","status":"current"}]}`
		}, kind: wiki.ErrUnavailable},
		{name: "next without a cursor", pages: func(string, int) (int, string) {
			return 200, `{"results":[],"_links":{"next":"/wiki/api/v2/spaces/7/pages?limit=250"}}`
		}, kind: wiki.ErrUnavailable},
		{name: "truncated once", pages: func(_ string, call int) (int, string) {
			full := listJSON("", 1)
			if call == 1 {
				return 200, full[:len(full)/2]
			}
			return 200, full
		}, want: []string{"1"}},
		{name: "expired cursor", pages: func(cursor string, call int) (int, string) {
			if cursor == "x" && call == 1 {
				return 400, `{"errors":[{"status":"400","code":"INVALID_REQUEST_PARAMETER","title":"Provided value for 'cursor' is not the correct type."}]}`
			}
			return 200, map[string]string{"": listJSON("x", 1), "x": listJSON("", 2)}[cursor]
		}, want: []string{"1", "2"}},
		{name: "cursor that is never accepted", pages: func(cursor string, _ int) (int, string) {
			if cursor == "x" {
				return 400, `{"errors":[{"status":400,"title":"bad cursor"}]}`
			}
			return 200, listJSON("x", 1)
		}, kind: wiki.ErrInvalid},
		{name: "other statuses are left out", pages: func(string, int) (int, string) {
			return 200, fmt.Sprintf(`{"results":[%s,{"id":"2","status":"archived","version":{"number":1,"createdAt":"2026-01-02T03:04:05Z"}}]}`, rowsJSON(1))
		}, want: []string{"1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			calls := map[string]int{}
			c := serve(t, wiki.Cloud, func(w http.ResponseWriter, r *http.Request) {
				if q := r.URL.Query(); r.URL.Path != "/wiki/api/v2/spaces/7/pages" || q.Get("status") != "current" || q.Get("sort") != "id" || q.Get("limit") != "250" {
					t.Errorf("unexpected request %s", r.URL)
				}
				cursor := r.URL.Query().Get("cursor")
				calls[cursor]++
				status, body := tt.pages(cursor, calls[cursor])
				answer(w, status, body)
			})
			got, err := listed(t, c)
			if tt.want == nil {
				if !errors.Is(err, tt.kind) {
					t.Fatalf("List = %v, %v; want %v", got, err, tt.kind)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, append([]string{}, got...)); diff != "" {
				t.Errorf("List (-want +got)\n%s", diff)
			}
		})
	}
}

func TestNextFromHeader(t *testing.T) {
	t.Parallel()
	c := serve(t, wiki.Cloud, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") == "" {
			w.Header().Add("Link", `<https://developer.example.com/changelog>; rel="deprecation"`)
			w.Header().Add("Link", `</wiki/api/v2/spaces/7/pages?cursor=x%3D&limit=250>; rel="next", <https://acme.atlassian.net/wiki>; rel="base"`)
			answer(w, 200, listJSON("", 1))
			return
		}
		answer(w, 200, listJSON("", 2))
	})
	got, err := listed(t, c)
	if diff := cmp.Diff([]string{"1", "2"}, got); diff != "" || err != nil {
		t.Errorf("List: %v (-want +got)\n%s", err, diff)
	}
}

func TestIndexWalkEnds(t *testing.T) {
	t.Parallel()
	c := serve(t, wiki.Cloud, func(w http.ResponseWriter, r *http.Request) {
		if got, want := r.URL.Query().Get("cql"), `space = "E\"N\\G" and type in (page, blogpost) and lastmodified >= now("-91m") order by lastmodified asc`; got != want {
			t.Errorf("cql = %s, want %s", got, want)
		}
		if r.URL.Query().Get("cursor") == "" {
			answer(w, 200, listJSON("x", 1))
			return
		}
		answer(w, 200, listJSON("x"))
	})
	refs, err := collect(c.ChangedSince(t.Context(), `E"N\G`, 90*time.Minute))
	if err != nil || len(refs) != 1 {
		t.Errorf("ChangedSince = %v, %v; want one row", refs, err)
	}
}

func TestOffsetTraps(t *testing.T) {
	t.Parallel()
	numbers := func(from, to int) []int {
		var ids []int
		for i := from; i < to; i++ {
			ids = append(ids, i)
		}
		return ids
	}
	for _, tt := range []struct {
		name string
		site func(start, call int) []int
		want int // rows; -1: an error
	}{
		{"empty", func(int, int) []int { return nil }, 0},
		{"clipped pages", func(start, _ int) []int { return numbers(start, min(start+7, 40)) }, 40},
		{"pages of one row", func(start, _ int) []int { return numbers(start, min(start+1, 5)) }, 5},
		{"a row beyond the end", func(start, _ int) []int {
			if start >= 12 {
				return []int{11}
			}
			return numbers(start, min(start+7, 12))
		}, 12},
		{"invisible rows", func(start, _ int) []int {
			var ids []int
			for i := start; i < min(start+10, 35); i++ {
				if i%10 < 8 {
					ids = append(ids, i)
				}
			}
			return ids
		}, 29},
		{"removed while it is read", func(start, call int) []int {
			if call == 1 {
				return numbers(0, 10)
			}
			return numbers(start+5, max(start+5, min(start+15, 30))) // five of the first are gone: five others moved up
		}, 30},
		{"a row removed before every page", func(start, call int) []int {
			from := start + call - 1 // the first rows go, one a call
			return numbers(from, min(from+10, max(from, 60)))
		}, 60},
		{"never at rest", func(start, call int) []int { return numbers(start+call*50, start+call*50+10) }, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			call := 0
			c := serve(t, wiki.DataCenter, func(w http.ResponseWriter, r *http.Request) {
				call++
				start, _ := strconv.Atoi(r.URL.Query().Get("start"))
				answer(w, 200, fmt.Sprintf(`{"results":[%s],"start":%d,"limit":100}`, rowsJSON(tt.site(start, call)...), start))
			})
			got, err := listed(t, c)
			if tt.want < 0 {
				if !errors.Is(err, wiki.ErrUnavailable) {
					t.Errorf("List = %d rows, %v; want an error", len(got), err)
				}
				return
			}
			if err != nil || len(got) != tt.want {
				t.Errorf("List = %d rows %v, %v; want %d", len(got), got, err, tt.want)
			}
		})
	}
}
