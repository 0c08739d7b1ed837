package pages_test

import (
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/server/pages/pagestest"
)

var tags = regexp.MustCompile(`<[^>]*>`)

// TestWordsForEveryState reads what pages say when there is nothing to show, or when something is wrong: what happened,
// and what to do about it.
func TestWordsForEveryState(t *testing.T) {
	t.Parallel()
	site, err := pagestest.New(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	cookies := map[string]*http.Cookie{"admin": sessionCookie(t, site, pagestest.AdminEmail), "reader": sessionCookie(t, site, pagestest.ReaderEmail)}
	for name, c := range map[string]struct {
		who, path string
		status    int
		want      []string
	}{
		"nothing found":         {"reader", "/?q=nothing", 200, []string{"0 pages in 7 ms", "Nothing found", "No page has these words.", "Check the spelling, or use another word for the same thing"}},
		"nothing under filters": {"reader", "/?q=nothing&space=OBS", 200, []string{"No page has these words under these filters.", "Search without filters"}},
		"corrected":             {"reader", "/?q=scrpae+interval", 200, []string{"Showing results for scrape interval.", "Search for “scrpae interval” as typed"}},
		"degraded": {"reader", "/?q=degraded", 200, []string{
			"Found by words only", "Search by meaning is not available right now, so pages that use other words may be missing.", `No page has the label "runbok".`,
		}},
		"search down":       {"reader", "/?q=down", 503, []string{"Search does not answer right now", "Nothing is lost; try again in a moment.", "Try again"}},
		"forbidden":         {"reader", "/sources", 403, []string{"403", "Only an administrator may do this.", "Go to search", "Request"}},
		"page without text": {"reader", "/pages/confluence_OBS/1006", 200, []string{"This page has no text of its own."}},
		"deleted page":      {"admin", "/pages/confluence_OBS/1008", 200, []string{"This page was deleted in Confluence", "What you see is its last stored state."}},
		"no failures":       {"admin", "/sources/confluence_OPS/failures", 200, []string{"Every page could be stored", "with the reason and the time of the next try"}},
		"no removals":       {"admin", "/sources/confluence_OBS/removals", 200, []string{"Nothing waits for your decision"}},
		"no page fits":      {"admin", "/sources/confluence_OBS/pages?q=zzz", 200, []string{"No page here", "Try another title or state."}},
		"no entry":          {"admin", "/settings/audit?action=nothing.of_this", 200, []string{"No entry", "Nothing fits these filters."}},
		"refused site":      {"admin", "/sources", 200, []string{"wiki.intern.example.org/confluence cannot be read", "Create a new one and enter it here.", "Edit the connection"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.path, nil)
			if cookie := cookies[c.who]; cookie != nil {
				request.AddCookie(cookie)
			}
			answer := httptest.NewRecorder()
			site.Handler.ServeHTTP(answer, request)
			if answer.Code != c.status {
				t.Errorf("status %d, want %d", answer.Code, c.status)
			}
			text := strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(answer.Body.String(), ""))), " ")
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in: %s", want, text)
				}
			}
		})
	}
}

// TestCodeInHits: what is code in a snippet is code on the page, with its lines and its marks.
func TestCodeInHits(t *testing.T) {
	t.Parallel()
	site, err := pagestest.New(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?q=scrape", nil)
	request.AddCookie(sessionCookie(t, site, pagestest.ReaderEmail))
	answer := httptest.NewRecorder()
	site.Handler.ServeHTTP(answer, request)
	for _, want := range []string{
		" needs a shorter <code>scrape_timeout</code>, too:\n</p>",
		`">scrape_configs:` + "\n  - job_name: api\n    <mark>scrape</mark>_<mark>interval</mark>: 30s\n    params: { match: [&#39;{__name__=~&#34;http",
		"&#34;}&#39;] }\n…</pre>",
	} {
		if !strings.Contains(answer.Body.String(), want) {
			t.Errorf("%q is not in %s", want, answer.Body)
		}
	}
}
