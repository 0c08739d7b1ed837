package pages_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/server/pages/pagestest"
	"github.com/sluicehq/sluice/web"
)

// served is a page of a signed-in administrator, without a network between.
func served(b *testing.B, prepare func(*pagestest.Site)) func(path string) *httptest.ResponseRecorder {
	b.Helper()
	site, err := pagestest.New(slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	prepare(site)
	cookie := sessionCookie(b, site, pagestest.AdminEmail)
	return func(path string) *httptest.ResponseRecorder {
		request := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil)
		request.AddCookie(cookie)
		answer := httptest.NewRecorder()
		site.Handler.ServeHTTP(answer, request)
		if answer.Code != http.StatusOK {
			b.Fatalf("%s: %d", path, answer.Code)
		}
		return answer
	}
}

// BenchmarkDashboard renders 200 sources; the budget is 50 ms.
func BenchmarkDashboard(b *testing.B) {
	get := served(b, func(s *pagestest.Site) { s.Sources.Multiply(200) })
	for b.Loop() {
		get("/sources")
	}
}

// BenchmarkSearchPage is what the pages add to a search that takes no time itself; the budget is 5 ms at the 95th percentile.
func BenchmarkSearchPage(b *testing.B) {
	get := served(b, func(*pagestest.Site) {})
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		get("/?q=scrape+interval&space=OBS")
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
}

// TestHomePageWeight adds up the home page and all it loads, compressed as it is sent: the budget is 60 KB.
func TestHomePageWeight(t *testing.T) {
	t.Parallel()
	site, err := pagestest.New(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	cookie := sessionCookie(t, site, pagestest.AdminEmail)
	get := func(path string) string {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		request.Header.Set("Accept-Encoding", "br, gzip")
		request.AddCookie(cookie)
		answer := httptest.NewRecorder()
		site.Handler.ServeHTTP(answer, request)
		if answer.Code != http.StatusOK {
			t.Fatalf("%s: %d", path, answer.Code)
		}
		return answer.Body.String()
	}
	document := get("/")
	total, files := len(document), 0
	for part := range strings.SplitSeq(document, `"`) {
		if strings.HasPrefix(part, web.Prefix) {
			size := len(get(part))
			t.Logf("%6d %s", size, part)
			total, files = total+size, files+1
		}
	}
	t.Logf("%6d in total, with the document uncompressed (%d)", total, len(document))
	if files < 4 || total > 60_000 {
		t.Errorf("%d bytes in %d files, want at most 60 KB in at least 4", total, files)
	}
}
