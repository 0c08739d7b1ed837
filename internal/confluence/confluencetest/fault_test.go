package confluencetest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestFaultsThatAnswerThemselves(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 11, 24, 10, 0, 30, 0, time.UTC)
	tests := map[string]struct {
		fault      Fault
		status     int
		header     string
		value      string
		bodySuffix string
	}{
		"429 in seconds":   {RateLimited(17), 429, "Retry-After", "17", "}"},
		"429 at once":      {RateLimited(0), 429, "Retry-After", "0", "}"},
		"429 by date":      {RateLimitedUntil(until), 429, "Retry-After", "Tue, 24 Nov 2026 10:00:30 GMT", "}"},
		"429 says nothing": {RateLimited(-1), 429, "Retry-After", "", "}"},
		"503":              {Unavailable(503), 503, "Content-Type", "text/html;charset=UTF-8", "</html>"},
		"login page":       {LoginPage(), 200, "Content-Type", "text/html;charset=UTF-8", "</html>"},
		"any status":       {Status(451, `{"message":"no"}`), 451, "Content-Type", "application/json;charset=UTF-8", "}"},
		"truncated":        {Truncated(40), 200, "Content-Length", "40", ""},
		"bad credentials":  {BadCredentials(), 404, "Content-Type", "application/json;charset=UTF-8", "}"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site, ada, _ := shelf(t, Options{}, 3)
			site.Inject(tt.fault.On("GET", `^/api/v2/pages$`).Times(1))
			response, body := ada.do(http.MethodGet, "/api/v2/pages", "")
			if response.StatusCode != tt.status || response.Header.Get(tt.header) != tt.value || !strings.HasSuffix(body, tt.bodySuffix) {
				t.Errorf("status %d, %s %q, body %q", response.StatusCode, tt.header, response.Header.Get(tt.header), body)
			}
			ada.get("/api/v2/pages", 200) // once is enough
		})
	}
}

func TestFaultsThatChangeTheAnswer(t *testing.T) {
	t.Parallel()
	site, ada, _ := shelf(t, Options{}, 9)
	path := "/api/v2/pages?limit=4&sort=id"
	count := func(f Fault) (int, map[string]any) {
		remove := site.Inject(f)
		defer remove()
		answer := ada.get(path, 200)
		return len(rows(answer)), answer
	}
	if n, _ := count(ClipLimit(2)); n != 2 {
		t.Errorf("clipped to %d rows", n)
	}
	if n, _ := count(Duplicates()); n != 8 {
		t.Errorf("%d rows, want every one twice", n)
	}
	if n, answer := count(EmptyPage()); n != 0 || answer["_links"].(map[string]any)["next"] == nil {
		t.Errorf("%d rows, links %v", n, answer["_links"])
	}
	if _, answer := count(MissingFields("version", "title")); rows(answer)[0].(map[string]any)["title"] != nil {
		t.Error("the title is still there")
	}
	if n, _ := count(DropRows(func(row map[string]any) bool { return row["title"] == "P001" })); n != 3 {
		t.Errorf("%d rows, want 3", n)
	}
	second := strings.TrimPrefix(ada.get(path, 200)["_links"].(map[string]any)["next"].(string), "/wiki")
	defer site.Inject(RepeatedCursor())()
	third := strings.TrimPrefix(ada.get(second, 200)["_links"].(map[string]any)["next"].(string), "/wiki")
	if a, b := rows(ada.get(second, 200)), rows(ada.get(third, 200)); a[0].(map[string]any)["id"] != b[0].(map[string]any)["id"] {
		t.Error("the cursor moved on")
	}
}

func TestBrokenAndSlowConnections(t *testing.T) {
	t.Parallel()
	site, ada, _ := shelf(t, Options{}, 1)
	call := func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, ada.base+"/api/v2/pages", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth(ada.email, ada.token)
		response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
		if err != nil {
			return err
		}
		return response.Body.Close()
	}
	remove := site.Inject(Reset())
	if err := call(t.Context()); err == nil {
		t.Error("a reset connection gave an answer")
	}
	remove()
	site.Inject(Slow(time.Minute))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a slow answer: %v", err)
	}
	site.ClearFaults()
	if err := call(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFaultRules(t *testing.T) {
	t.Parallel()
	site, ada, _ := shelf(t, Options{Seed: 3}, 1)
	site.Inject(Unavailable(500).On("GET", `^/rest/api/content/search$`).WithQuery("limit=7").After(1).Times(2))
	var got []int
	for range 5 {
		response, _ := ada.do(http.MethodGet, "/rest/api/content/search?cql=type%3Dpage&limit=7", "")
		got = append(got, response.StatusCode)
	}
	if want := []int{200, 500, 500, 200, 200}; !equalInts(got, want) {
		t.Errorf("statuses %v, want %v", got, want)
	}
	ada.get("/rest/api/content/search?cql=type%3Dpage&limit=8", 200)

	hits := func(seed uint64) string {
		site, ada, _ := shelf(t, Options{Seed: seed}, 1)
		site.Inject(Unavailable(502).Sometimes(0.5))
		var b strings.Builder
		for range 24 {
			response, _ := ada.do(http.MethodGet, "/rest/api/user/current", "")
			b.WriteByte(byte('0' + response.StatusCode/100))
		}
		return b.String()
	}
	if a, b := hits(1), hits(1); a != b || !strings.Contains(a, "5") || !strings.Contains(a, "2") {
		t.Errorf("chance does not repeat: %s, %s", a, b)
	}
}

func equalInts(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestSwitches(t *testing.T) {
	t.Parallel()
	site, ada, ids := shelf(t, Options{}, 1)
	site.Configure(func(b *Behaviour) { b.V1Removed = true })
	ada.get("/rest/api/content/"+ids[0], 410)
	ada.get("/rest/api/space", 410)
	ada.get("/rest/api/content/search?cql=type%3Dpage", 200)
	site.Configure(func(b *Behaviour) { b.Outage = true })
	if response, _ := ada.do(http.MethodGet, "/api/v2/pages", ""); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d in an outage", response.StatusCode)
	}
	site.Configure(func(b *Behaviour) { b.Outage, b.Scopes = false, map[string]bool{"v1": true} })
	ada.get("/api/v2/pages", 401)
	ada.get("/rest/api/user/current", 200)
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	site, ada, _ := newVisited(t, Options{})
	if got := ada.get("/rest/api/user/current", 200)["accountId"]; got != "ada" {
		t.Errorf("I am %v", got)
	}
	bearer := *ada
	bearer.bearer = true
	bearer.get("/api/v2/spaces", 200)
	for _, wrong := range []visitor{{email: "ada@example.test", token: "secret-b"}, {email: "", token: ""}, {email: "ada", token: "secret-a"}} {
		wrong.t, wrong.site, wrong.base = t, site, ada.base
		wrong.get("/rest/api/user/current", 403)
		wrong.get("/api/v2/spaces", 404)
	}
	site.RevokeToken("secret-a")
	title := ada.get("/api/v2/spaces", 404)["errors"].([]any)[0].(map[string]any)["title"]
	if title != "Not Found" {
		t.Errorf("title %v", title)
	}
	bearer.get("/api/v2/spaces", 404)
	site.Configure(func(b *Behaviour) { b.Unauthorized = true })
	ada.get("/api/v2/spaces", 401)
}

func TestServerClockIsInTheDateHeader(t *testing.T) {
	t.Parallel()
	c := newClock()
	_, ada, _ := newVisited(t, Options{Clock: c.now})
	c.advance(-time.Hour)
	response, _ := ada.do(http.MethodGet, "/rest/api/user/current", "")
	if got := response.Header.Values("Date"); len(got) != 1 || got[0] != "Tue, 24 Nov 2026 09:00:00 GMT" {
		t.Errorf("Date %v", got)
	}
}

func TestCounters(t *testing.T) {
	t.Parallel()
	site, ada, ids := shelf(t, Options{}, 2)
	_, body := ada.do(http.MethodGet, "/api/v2/pages/"+ids[0], "")
	ada.do(http.MethodGet, "/api/v2/pages/"+ids[1], "")
	if n := site.Calls()["GET /api/v2/pages/{id}"]; n != 2 {
		t.Errorf("%d calls, want 2: %v", n, site.Calls())
	}
	if site.TotalCalls() != 2 || site.BytesSent() < int64(len(body)) || site.PeakInFlight() != 1 || len(site.Requests()) != 2 {
		t.Errorf("calls %d, bytes %d, peak %d, log %v", site.TotalCalls(), site.BytesSent(), site.PeakInFlight(), site.Requests())
	}
	if !json.Valid([]byte(body)) {
		t.Error("the answer is no JSON")
	}
	site.ResetCounters()
	if site.TotalCalls() != 0 {
		t.Error("the counters were not reset")
	}
}
