package server

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/alexedwards/scs/v2/memstore"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/secret"
	"github.com/sluicehq/sluice/internal/server/api"
	"github.com/sluicehq/sluice/internal/server/pages"
	"github.com/sluicehq/sluice/internal/server/pages/pagestest"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/web"
)

// The tokens of the fake accounts.
const (
	adminToken  = "slc_admin"
	readerToken = "slc_reader"
)

// accounts are two people with a token each, who make tokens and do nothing else.
type accounts struct {
	api.Accounts
	mu   sync.Mutex // guards made
	made int
}

// Authenticate knows the two tokens.
func (a *accounts) Authenticate(_ context.Context, secret string) (auth.Identity, error) {
	switch secret {
	case adminToken:
		return auth.Identity{UserID: "usr_ada", Email: pagestest.AdminEmail, Role: auth.Admin, TokenID: "tok_admin"}, nil
	case readerToken: // of the same account
		return auth.Identity{UserID: "usr_ada", Email: pagestest.AdminEmail, Role: auth.Reader, TokenID: "tok_reader"}, nil
	}
	return auth.Identity{}, auth.ErrToken
}

// CreateToken counts.
func (a *accounts) CreateToken(_ context.Context, _ string, t auth.NewToken) (auth.Token, string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.made++
	return auth.Token{ID: "tok_made", Name: t.Name, Role: t.Role}, "slc_made" + strings.Repeat("x", a.made), nil
}

// Tokens panics, as a fault of the program would.
func (a *accounts) Tokens(context.Context, string) ([]auth.Token, error) { panic("secret of a panic") }

// site is the whole server over fakes, with a log that can be read.
type site struct {
	*testing.T
	*Server
	accounts *accounts
	log      *lockedBuffer
}

type lockedBuffer struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

// Write adds a line.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String returns what was logged.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func newSite(t *testing.T, change func(*Options)) *site {
	t.Helper()
	s := &site{T: t, accounts: &accounts{}, log: &lockedBuffer{}}
	log := slog.New(slog.NewJSONHandler(s.log, nil))
	assets, err := web.NewAssets()
	if err != nil {
		t.Fatal(err)
	}
	keyring, err := secret.NewKeyring(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	people := pagestest.NewAccounts()
	sessions := session.New(session.Options{Accounts: people, Store: memstore.NewWithCleanupInterval(0), Log: log})
	o := Options{
		Pages: &pages.Options{Sessions: sessions, Accounts: people, Sources: pagestest.NewSources(), Search: pagestest.NewSearch(), Assets: assets, Sealer: keyring, Log: log},
		API:   &api.Options{Accounts: s.accounts, Version: "test", Log: log},
		MCP:   http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }),
		Keys:  &keys{kept: map[string]*held{}}, Sessions: sessions, Accounts: s.accounts, Assets: assets, Log: log,
		Ready:   func(context.Context) error { return nil },
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "metrics") }),
	}
	if change != nil {
		change(&o)
	}
	if s.Server, err = New(o); err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends a request in process. Headers come in pairs; "Host" and "From" (the peer's address) are taken as meant.
func (s *site) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	s.Helper()
	r := httptest.NewRequestWithContext(s.Context(), method, path, strings.NewReader(body))
	for n := 0; n+1 < len(headers); n += 2 {
		switch headers[n] {
		case "Host":
			r.Host = headers[n+1]
		case "From":
			r.RemoteAddr = headers[n+1]
		default:
			r.Header.Add(headers[n], headers[n+1])
		}
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

// call is a request of the API with JSON and a token.
func (s *site) call(token, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	s.Helper()
	return s.ask(method, path, body, append([]string{"Authorization", "Bearer " + token, "Content-Type", "application/json"}, headers...)...)
}
