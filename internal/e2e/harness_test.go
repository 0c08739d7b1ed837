package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/app"
	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/config"
	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/server"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// The accounts of the instance under test, and the one of the simulated site.
const (
	adminEmail  = "ada@example.org"
	readerEmail = "rita@example.org"
	password    = "correct horse battery staple"

	siteEmail = "sync@example.org"
	siteToken = "site-secret-4711"
)

// instance is the whole program on a database of its own, with a simulated Confluence beside it.
type instance struct {
	*app.App
	site     *confluencetest.Site
	siteURL  string
	server   *server.Server
	url      string
	logs     *logBuffer
	database string
	admin    string // API tokens
	reader   string
}

// start runs an instance until the test ends.
func start(t testing.TB, change ...func(*config.Config)) *instance {
	t.Helper()
	cfg, err := config.Load(config.Source{Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	cfg.DataDir, cfg.DatabaseURL = t.TempDir(), postgrestest.NewURL(t)
	cfg.AllowPrivateAddresses, cfg.LogLevel = true, slog.LevelDebug
	for _, f := range change {
		f(&cfg)
	}
	i := &instance{site: newSite(), logs: &logBuffer{}, database: cfg.DatabaseURL}
	i.siteURL = i.site.Start(t)
	log := slog.New(slog.NewJSONHandler(i.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ctx := t.Context()
	if i.App, err = app.New(ctx, cfg, log, app.Options{Build: app.Build{Version: "test"}, Works: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := i.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if i.server, err = i.NewServer(ctx); err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(i.server.Handler())
	t.Cleanup(listening.Close)
	i.url = listening.URL
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- i.Work(work) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("work: %v", err)
		}
	})
	i.admin = i.account(t, adminEmail, auth.Admin)
	i.reader = i.account(t, readerEmail, auth.Reader)
	return i
}

// account makes an account and returns a token of it.
func (i *instance) account(t testing.TB, email string, role auth.Role) string {
	t.Helper()
	ctx := operator(t)
	user, err := i.Accounts.CreateUser(ctx, auth.NewUser{Email: email, Password: password, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := i.Accounts.CreateToken(ctx, user.ID, auth.NewToken{Name: "test", Role: role})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func operator(t testing.TB) context.Context {
	t.Helper()
	return auth.WithIdentity(t.Context(), auth.Operator())
}

// connect adds a space of the simulated site and waits until it is synced.
func (i *instance) connect(t testing.TB, space string) sources.Source {
	t.Helper()
	source, err := i.Sources.Create(operator(t), sources.NewSource{
		Credentials: sources.Credentials{BaseURL: i.siteURL, Deployment: wiki.Cloud, Email: siteEmail, APIToken: siteToken}, SpaceKey: space,
	})
	if err != nil {
		t.Fatal(err)
	}
	i.settled(t, source.ID)
	return source
}

// sync runs a sync and waits until it has ended.
func (i *instance) sync(t *testing.T, id string, reconcile bool) sources.Run {
	t.Helper()
	i.site.FlushIndex()
	if _, err := i.Sources.Sync(operator(t), id, sources.SyncRequest{Reconcile: reconcile, Trigger: sources.TriggerCLI}); err != nil {
		t.Fatal(err)
	}
	return i.settled(t, id)
}

// settled waits until nothing of the source is queued or running, and returns the last run, which must have succeeded.
func (i *instance) settled(t testing.TB, id string) sources.Run {
	t.Helper()
	var last *sources.Run
	eventually(t, "the run of "+id+" has ended", func() bool {
		status, err := i.Sources.Status(operator(t), id)
		if err != nil {
			t.Fatal(err)
		}
		last = status.LastRun
		return status.Run == nil && last != nil
	})
	if last.State != sources.RunSucceeded {
		t.Fatalf("run of %s: %s: %s", id, last.State, last.Error)
	}
	return *last
}

// patience is how long anything may take on a busy machine.
const patience = 90 * time.Second

// eventually waits for a condition.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain: %s", patience, what)
		}
		<-tick.C
	}
}

// answer is what the server said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) decode(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(a.body, into); err != nil {
		t.Fatalf("answer %d is no such JSON: %v\n%s", a.status, err, a.body)
	}
}

// problem is an error answer.
type problem struct {
	Type, Title, Detail string
	Status              int
	Errors              []wiki.FieldError
	RunID               string `json:"run_id"`
	State               string
}

// call makes an API call with a token; body is JSON, a string, or nil.
func (i *instance) call(t testing.TB, token, method, path string, body any, headers ...string) answer {
	t.Helper()
	request := i.request(t, method, path, body)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	for n := 0; n+1 < len(headers); n += 2 {
		request.Header.Set(headers[n], headers[n+1])
	}
	return do(t, http.DefaultTransport, request)
}

func (i *instance) request(t testing.TB, method, path string, body any) *http.Request {
	t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		encoded, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, i.url+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request
}

func do(t testing.TB, transport http.RoundTripper, request *http.Request) answer {
	t.Helper()
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: body}
}

// visitor is a browser without a screen: cookies, forms, no redirects.
type visitor struct {
	*instance
	client *http.Client
}

func (i *instance) visitor(t *testing.T) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{instance: i, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// signedIn returns a visitor who has signed in.
func (i *instance) signedIn(t *testing.T, email string) *visitor {
	t.Helper()
	v := i.visitor(t)
	a := v.post(t, "/sign-in", "email", email, "password", password)
	if a.status != http.StatusSeeOther {
		t.Fatalf("sign in as %s: %d\n%s", email, a.status, a.body)
	}
	return v
}

func (v *visitor) get(t *testing.T, path string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v.send(t, request)
}

func (v *visitor) post(t *testing.T, path string, fields ...string) answer {
	t.Helper()
	form := url.Values{}
	for n := 0; n+1 < len(fields); n += 2 {
		form.Add(fields[n], fields[n+1])
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.send(t, request)
}

func (v *visitor) send(t *testing.T, request *http.Request) answer {
	t.Helper()
	response, err := v.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: body}
}

// cookie is the session's token.
func (v *visitor) cookie(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(v.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range v.client.Jar.Cookies(u) {
		if c.Name == "sluice_session" {
			return c.Value
		}
	}
	return ""
}

// logBuffer keeps what is logged.
type logBuffer struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

// Write adds a line.
func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String returns all that was logged.
func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
