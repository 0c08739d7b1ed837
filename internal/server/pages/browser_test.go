package pages_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/browsertest"
	"github.com/sluicehq/sluice/internal/server/pages/pagestest"
	"github.com/sluicehq/sluice/internal/server/session"
)

func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }

// bundle is one site and one browser tab on it.
type bundle struct {
	*browsertest.Tab
	site *pagestest.Site
}

// open starts a site and a tab on it, signed in with the e-mail address; empty: nobody.
func open(t *testing.T, w browsertest.Window, email string) *bundle {
	t.Helper()
	site, err := pagestest.New(slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(site.Handler)
	t.Cleanup(server.Close)
	b := &bundle{Tab: browsertest.Open(t, server.URL, w), site: site}
	if email != "" { // the form itself has tests of its own
		cookie := sessionCookie(t, site, email)
		b.SetCookie(cookie.Name, cookie.Value)
	}
	return b
}

// sessionCookie signs in at the site.
func sessionCookie(t testing.TB, site *pagestest.Site, email string) *http.Cookie {
	t.Helper()
	form := url.Values{"email": {email}, "password": {pagestest.Password}}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/sign-in", strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	site.Handler.ServeHTTP(answer, request)
	for _, cookie := range answer.Result().Cookies() {
		if cookie.Name == session.CookieName {
			return cookie
		}
	}
	t.Fatalf("sign in as %s: %d without a session", email, answer.Code)
	return nil
}

// widths runs a flow in a window as narrow as a phone's and in a wide one, signed in as an administrator.
func widths(t *testing.T, flow func(b *bundle, narrow bool)) {
	t.Helper()
	for _, width := range []int64{390, 1280} {
		t.Run(widthName(width), func(t *testing.T) {
			t.Parallel()
			b := open(t, browsertest.Window{Width: width}, pagestest.AdminEmail)
			flow(b, width == 390)
			if over := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				t.Errorf("scrolls sideways by %d px at the end", over)
			}
		})
	}
}

func eval[T any](b *bundle, expression string) T {
	b.Helper()
	return browsertest.Eval[T](b.Tab, expression)
}

func widthName(width int64) string { return strconv.FormatInt(width, 10) + " px" }
