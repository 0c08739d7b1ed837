package confluence

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/wiki"
)

func TestNormalizeURL(t *testing.T) {
	t.Parallel()
	const site = "https://acme.atlassian.net/wiki"
	for _, tt := range []struct {
		d        wiki.Deployment
		in, want string // want empty: refused
	}{
		{wiki.Cloud, "https://acme.atlassian.net", site},
		{wiki.Cloud, "https://acme.atlassian.net/", site},
		{wiki.Cloud, "acme.atlassian.net", site},
		{wiki.Cloud, "  https://ACME.atlassian.net/wiki ", site},
		{wiki.Cloud, "https://acme.atlassian.net/wiki/", site},
		{wiki.Cloud, "https://acme.atlassian.net/wiki/wiki", site},
		{wiki.Cloud, "http://acme.atlassian.net/wiki", site},
		{wiki.Cloud, "https://acme.atlassian.net:443/wiki", site},
		{wiki.Cloud, "https://acme.atlassian.net./wiki", site},
		{wiki.Cloud, "https://acme.atlassian.net/wiki/spaces/ENG/overview", site},
		{wiki.Cloud, "https://acme.atlassian.net/wiki/spaces/ENG/pages/44001/Deploy+guide?focusedCommentId=1#x", site},
		{wiki.Cloud, "https://acme.atlassian.net/wiki/x/4as", site},
		{wiki.Cloud, "https://acme.atlassian.net/jira/software", site},
		{wiki.Cloud, "https://docs.acme.com/wiki/home", "https://docs.acme.com/wiki"},
		{wiki.Cloud, "http://127.0.0.1:8090", "http://127.0.0.1:8090/wiki"},
		{wiki.Cloud, "http://[::1]:8090/wiki", "http://[::1]:8090/wiki"},
		{wiki.Cloud, "https://api.atlassian.com/ex/confluence/0c7a-5b1e", "https://api.atlassian.com/ex/confluence/0c7a-5b1e/wiki"},
		{wiki.Cloud, "https://api.atlassian.com/ex/confluence/0c7a-5b1e/wiki/api/v2/pages", "https://api.atlassian.com/ex/confluence/0c7a-5b1e/wiki"},
		{wiki.Cloud, "https://api.atlassian.com/", ""},
		{wiki.Cloud, "", ""},
		{wiki.Cloud, "ftp://acme.atlassian.net", ""},
		{wiki.Cloud, "https://", ""},
		{wiki.Cloud, "https://bot:secret@acme.atlassian.net", ""},
		{wiki.Cloud, "https://acme atlassian.net", ""},
		{wiki.Cloud, "javascript://x%0aalert(1)", ""},
		{wiki.Cloud, "https://a\"b.com", ""},
		{wiki.Cloud, "https://acme.atlassian.net:999999", ""},
		{wiki.DataCenter, "https://wiki.acme.com", "https://wiki.acme.com"},
		{wiki.DataCenter, "https://acme.com/confluence/", "https://acme.com/confluence"},
		{wiki.DataCenter, "https://acme.com/wiki", "https://acme.com/wiki"},
		{wiki.DataCenter, "https://acme.com/confluence/display/ENG/Home", "https://acme.com/confluence"},
		{wiki.DataCenter, "https://acme.com/display/ENG/Home", "https://acme.com"},
		{wiki.DataCenter, "https://acme.com/a/b/pages/viewpage.action?pageId=1", "https://acme.com/a/b"},
		{wiki.DataCenter, "https://acme.com:8443/confluence/login.action", "https://acme.com:8443/confluence"},
		{wiki.DataCenter, "http://acme:80/rest/api/content", "http://acme"},
		{wiki.DataCenter, "https://acme.com/../confluence", "https://acme.com/confluence"},
		{wiki.DataCenter, "https://acme.atlassian.net/wiki", ""},
	} {
		got, err := NormalizeURL(tt.in, tt.d)
		var invalid *wiki.InvalidError
		switch {
		case tt.want == "" && !errors.As(err, &invalid):
			t.Errorf("NormalizeURL(%q, %s) = %q, %v; want an InvalidError", tt.in, tt.d, got, err)
		case tt.want != "" && (err != nil || got != tt.want):
			t.Errorf("NormalizeURL(%q, %s) = %q, %v; want %q", tt.in, tt.d, got, err, tt.want)
		}
	}
}

func FuzzNormalizeURL(f *testing.F) {
	for _, s := range []string{
		"acme.atlassian.net", "https://acme.com/confluence/display/ENG", "http://[::1]:80/wiki", "https://api.atlassian.com/ex/confluence/1/wiki",
		"https://a/%2e%2e/%2f", "https://a.b./wiki;x", "HTTP://A:443/%00",
	} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, raw string, cloud bool) {
		d := wiki.DataCenter
		if cloud {
			d = wiki.Cloud
		}
		once, err := NormalizeURL(raw, d)
		if err != nil {
			if _, ok := errors.AsType[*wiki.InvalidError](err); !ok {
				t.Fatalf("NormalizeURL(%q) fails with %v, which names no field", raw, err)
			}
			return
		}
		u, err := url.Parse(once)
		if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(once, "/") {
			t.Fatalf("NormalizeURL(%q) = %q, which is no base", raw, once)
		}
		if cloud && (!strings.HasSuffix(once, "/wiki") || strings.Contains(u.Path, "/wiki/")) {
			t.Fatalf("NormalizeURL(%q) = %q: /wiki is not there exactly once", raw, once)
		}
		if twice, err := NormalizeURL(once, d); err != nil || twice != once {
			t.Fatalf("NormalizeURL(%q) = %q, and of that %q, %v", raw, once, twice, err)
		}
	})
}
