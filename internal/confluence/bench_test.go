package confluence

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/wiki"
)

// BenchmarkContents reads fifty bodies of 16 KB from a server in the process.
func BenchmarkContents(b *testing.B) {
	body := strings.Repeat(`<p>Lorem \"ipsum\" dolor sit amet, consectetur adipiscing elit.</p>`, 240)
	rows, ids := make([]string, 50), make([]string, 50)
	for i := range rows {
		ids[i] = fmt.Sprint(1000 + i)
		rows[i] = fmt.Sprintf(`{"id":"%s","status":"current","title":"T","spaceId":"7","version":{"number":1,"createdAt":"2026-01-02T03:04:05Z"},"body":{"storage":{"value":"%s"}},"_links":{"webui":"/spaces/ENG/pages/1"}}`, ids[i], body)
	}
	text := `{"results":[` + strings.Join(rows, ",") + `],"_links":{}}`
	pool := NewPool(Options{MaxRate: 1e9, HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: int64(len(text)),
			Body: readCloser{strings.NewReader(text)}, Request: r,
		}, nil
	})}})
	c := connect(b, pool, "https://acme.atlassian.net", wiki.Cloud)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if got, err := c.Contents(b.Context(), wiki.TypePage, ids, true); err != nil || len(got) != len(ids) {
			b.Fatal(len(got), err)
		}
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
