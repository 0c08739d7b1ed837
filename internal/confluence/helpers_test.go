package confluence

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

const testToken = "top-secret-token"

// serve returns a client of a site that answers with the handler, and loses no time between tries.
func serve(t *testing.T, d wiki.Deployment, h http.HandlerFunc) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	pool := NewPool(Options{HTTP: srv.Client(), Backoff: time.Millisecond, MaxRate: rate.Inf, Timeout: 10 * time.Second})
	return connect(t, pool, srv.URL, d)
}

func connect(t testing.TB, pool *Pool, url string, d wiki.Deployment) *Client {
	t.Helper()
	a := sources.Access{Connection: sources.Connection{BaseURL: url, Deployment: d}, Token: testToken}
	if d == wiki.Cloud {
		a.Email = "bot@example.com"
	}
	c, err := pool.Client(a)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answer writes JSON with a status.
func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

// isMe answers the question who we are, so that a test's handler sees only the calls it is about.
func isMe(w http.ResponseWriter, r *http.Request) bool {
	if !strings.HasSuffix(r.URL.Path, "/rest/api/user/current") {
		return false
	}
	answer(w, http.StatusOK, `{"type":"known","accountId":"a1","userKey":"k1","displayName":"Bot"}`)
	return true
}

// rowsJSON makes rows of current pages with these ids.
func rowsJSON(ids ...int) string {
	rows := make([]string, len(ids))
	for i, id := range ids {
		rows[i] = fmt.Sprintf(`{"id":"%d","type":"page","status":"current","title":"Page %[1]d","spaceId":"7","parentId":null,"parentType":null,`+
			`"createdAt":"2024-05-06T07:08:09.101Z","version":{"number":3,"createdAt":"2026-01-02T03:04:05.678Z","when":"2026-01-02T03:04:05.678+0000","authorId":"u1"},`+
			`"ancestors":[],"_links":{"webui":"/spaces/ENG/pages/%[1]d/Page"}}`, id)
	}
	return strings.Join(rows, ",")
}

// listJSON is a listing, with a next link where next is set.
func listJSON(next string, ids ...int) string {
	links := `{"base":"https://elsewhere.example.com/wiki"}`
	if next != "" {
		links = fmt.Sprintf(`{"next":"/wiki/api/v2/spaces/7/pages?limit=250&cursor=%s&sort=id"}`, next)
	}
	return fmt.Sprintf(`{"results":[%s],"_links":%s}`, rowsJSON(ids...), links)
}

var testSpace = wiki.Space{ID: "7", Key: "ENG"}
