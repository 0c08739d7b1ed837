package sources_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/postgres/contentstore"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// site is a Confluence site as one account sees it.
type site struct {
	access sources.Access
	good   map[string]bool // tokens
	err    error
	spaces []wiki.Space
}

func (s *site) Me(context.Context) (wiki.User, time.Time, error) {
	if s.err != nil {
		return wiki.User{}, time.Time{}, s.err
	}
	if !s.good[s.access.Token] {
		return wiki.User{}, time.Time{}, wiki.ErrCredentials
	}
	return wiki.User{ID: "acc-1", DisplayName: "Robot", Email: s.access.Email}, time.Now(), nil
}

func (s *site) Space(_ context.Context, key string) (wiki.Space, error) {
	for _, sp := range s.spaces {
		if strings.EqualFold(sp.Key, key) {
			return sp, nil
		}
	}
	return wiki.Space{}, wiki.ErrNotFound
}

func (s *site) Spaces(context.Context) func(yield func(wiki.Space, error) bool) {
	return func(yield func(wiki.Space, error) bool) {
		for _, sp := range s.spaces {
			if !yield(sp, nil) {
				return
			}
		}
	}
}

func (s *site) PageCount(context.Context, string) (int, error) { return 7, nil }

// queue remembers what it was asked for.
type queue struct {
	asked []string
	open  bool // a run is queued
}

func (q *queue) Enqueue(_ context.Context, id string, r sources.RunRequest) (sources.Started, error) {
	if q.open {
		return sources.Started{RunID: "1", State: sources.RunQueued, Conflict: true}, nil
	}
	q.asked = append(q.asked, fmt.Sprintf("%s %s %s reconcile=%v full=%v", r.Kind, id, r.Trigger, r.Reconcile, r.Full))
	return sources.Started{RunID: "1", State: sources.RunQueued}, nil
}

func (q *queue) Stop(_ context.Context, id, reason string) error {
	if !q.open {
		return wiki.ErrNotFound
	}
	q.asked = append(q.asked, reason+" "+id)
	return nil
}

func (q *queue) took() []string {
	asked := q.asked
	q.asked = nil
	return asked
}

// reversal stands in for encryption.
type reversal struct{}

func (reversal) Seal(plain []byte) ([]byte, error) { return append([]byte("sealed:"), plain...), nil }

func (reversal) Open(sealed []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, []byte("sealed:"))
	if !ok {
		return nil, errors.New("another key")
	}
	return plain, nil
}

type bench struct {
	*testing.T
	service *sources.Service
	store   *contentstore.Store
	site    *site
	queue   *queue
}

func setup(t *testing.T) *bench {
	t.Helper()
	store, err := contentstore.New(postgrestest.New(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, store: store, queue: &queue{}, site: &site{good: map[string]bool{"good": true}, spaces: []wiki.Space{
		{ID: "1", Key: "ENG", Name: "Engineering", Type: "global", Status: "current"},
		{ID: "2", Key: "~ada@x", Name: "Ada", Type: "personal", Status: "current"},
		{ID: "3", Key: "OLD", Name: "Old", Type: "global", Status: "archived"},
	}}}
	b.service = sources.NewService(sources.Options{
		Store: store, Queue: b.queue, Sealer: reversal{},
		Dial: func(a sources.Access) (sources.Site, error) {
			s := *b.site
			s.access = a
			return &s, nil
		},
		NormalizeURL: func(raw string, _ wiki.Deployment) (string, error) {
			if !strings.HasPrefix(raw, "https://") {
				return "", wiki.Invalid("base_url", "must begin with https://")
			}
			return strings.TrimSuffix(raw, "/"), nil
		},
		NextSync: func(_ string, after time.Time, every time.Duration) time.Time { return after.Add(every / 2) },
	})
	return b
}

func (b *bench) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func credentials() sources.Credentials {
	return sources.Credentials{BaseURL: "https://acme.atlassian.net/wiki/", Email: "robot@acme.com", APIToken: "good"}
}

func (b *bench) create(n sources.NewSource) sources.Source {
	b.Helper()
	src, err := b.service.Create(b.Context(), n)
	b.ok(err)
	return src
}

func TestCreate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	src := b.create(sources.NewSource{Credentials: credentials(), SpaceKey: " eng "})
	if src.ID != "confluence_ENG" || src.Name != "Engineering" || src.SpaceKey != "ENG" || src.SyncFrequencyHours != 24 ||
		src.DeletionCheckStrategy != sources.WeeklyReconciliation || src.RestrictedPages != sources.Skip || src.NextSyncAt == nil {
		t.Errorf("source %+v", src)
	}
	if diff := cmp.Diff([]string{"sync confluence_ENG manual reconcile=false full=false"}, b.queue.took()); diff != "" {
		t.Errorf("queued (-want +got):\n%s", diff)
	}
	if _, err := b.service.Create(t.Context(), sources.NewSource{Credentials: credentials(), SpaceKey: "ENG"}); !errors.Is(err, wiki.ErrConflict) {
		t.Errorf("the same space again: %v", err)
	}
	no := false
	second := b.create(sources.NewSource{ConnectionID: src.ConnectionID, SpaceKey: "~ada@x", SyncNow: &no})
	if second.ID != "confluence_~ada-x" || second.ConnectionID != src.ConnectionID || len(b.queue.took()) != 0 {
		t.Errorf("through the same connection, later: %+v", second)
	}
	other := credentials()
	other.BaseURL = "https://umbrella.atlassian.net/wiki"
	if third := b.create(sources.NewSource{Credentials: other, SpaceKey: "ENG"}); third.ID != "confluence_ENG_2" {
		t.Errorf("the same key on another site is %s", third.ID)
	}
	connections, err := b.service.Connections(t.Context())
	b.ok(err)
	if len(connections) != 2 || connections[0].Name != "acme" || connections[0].Sources != 2 {
		t.Errorf("connections %+v", connections)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(n *sources.NewSource, b *bench)
		kind   error
		fields []string
	}{
		"nothing given": {func(n *sources.NewSource, _ *bench) { *n = sources.NewSource{} }, wiki.ErrInvalid, []string{"base_url", "email", "api_token", "space_key"}},
		"no address":    {func(n *sources.NewSource, _ *bench) { n.BaseURL = "ftp://x" }, wiki.ErrInvalid, []string{"base_url"}},
		"settings": {func(n *sources.NewSource, _ *bench) {
			n.SyncFrequencyHours, n.DeletionCheckStrategy, n.RestrictedPages, n.TextLanguage = 1000, "never", "some", "klingon"
		}, wiki.ErrInvalid, []string{"sync_frequency_hours", "deletion_check_strategy", "restricted_pages", "text_language"}},
		"unknown connection": {func(n *sources.NewSource, _ *bench) { n.ConnectionID = "conn_none" }, wiki.ErrInvalid, []string{"connection_id"}},
		"wrong token":        {func(n *sources.NewSource, _ *bench) { n.APIToken = "bad" }, wiki.ErrCredentials, nil},
		"no space":           {func(n *sources.NewSource, _ *bench) { n.SpaceKey = "NONE" }, wiki.ErrForbidden, nil},
		"no Confluence":      {func(_ *sources.NewSource, b *bench) { b.site.err = wiki.ErrNotFound }, wiki.ErrAddress, nil},
		"not allowed":        {func(_ *sources.NewSource, b *bench) { b.site.err = wiki.ErrForbidden }, wiki.ErrCredentials, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			n := sources.NewSource{Credentials: credentials(), SpaceKey: "ENG"}
			c.change(&n, b)
			_, err := b.service.Create(t.Context(), n)
			if !errors.Is(err, c.kind) {
				t.Fatalf("error %v, want %v", err, c.kind)
			}
			if invalid, ok := errors.AsType[*wiki.InvalidError](err); ok {
				var fields []string
				for _, f := range invalid.Fields {
					fields = append(fields, f.Field)
				}
				if diff := cmp.Diff(c.fields, fields); diff != "" {
					t.Errorf("fields (-want +got):\n%s", diff)
				}
			}
			if list, err := b.service.Connections(t.Context()); err != nil || len(list) != 0 {
				t.Errorf("a refused source left connections: %v, %v", list, err)
			}
		})
	}
}

func TestTest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	result, err := b.service.Test(t.Context(), credentials())
	b.ok(err)
	want := sources.TestResult{
		OK: true, User: sources.TestUser{ID: "acc-1", DisplayName: "Robot", Email: "robot@acme.com"},
		Spaces: []sources.TestSpace{{Key: "~ada@x", Name: "Ada", Type: "personal", Pages: 7}, {Key: "ENG", Name: "Engineering", Type: "global", Pages: 7}},
	}
	if diff := cmp.Diff(want, result); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestConnectionTrouble(t *testing.T) {
	t.Parallel()
	b := setup(t)
	src := b.create(sources.NewSource{Credentials: credentials(), SpaceKey: "ENG"})
	b.site.good = map[string]bool{"newer": true}
	if _, err := b.service.TestConnection(t.Context(), src.ConnectionID); !errors.Is(err, wiki.ErrCredentials) {
		t.Errorf("a revoked token: %v", err)
	}
	if c, err := b.service.Connection(t.Context(), src.ConnectionID); err != nil || c.Problem == "" {
		t.Errorf("the problem is not noted: %+v, %v", c, err)
	}
	bad, newer := "worse", "newer"
	if _, err := b.service.UpdateConnection(t.Context(), src.ConnectionID, sources.ConnectionChange{APIToken: &bad}); !errors.Is(err, wiki.ErrCredentials) {
		t.Errorf("a token that does not work was taken: %v", err)
	}
	projects := []string{" ops ", ""}
	c, err := b.service.UpdateConnection(t.Context(), src.ConnectionID, sources.ConnectionChange{APIToken: &newer, JiraProjects: &projects})
	b.ok(err)
	if c.Problem != "" || !slices.Equal(c.JiraProjects, []string{"OPS"}) {
		t.Errorf("connection %+v", c)
	}
	if access, err := b.service.Access(t.Context(), src.ConnectionID); err != nil || access.Token != "newer" {
		t.Errorf("token %q, %v", access.Token, err)
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	src := b.create(sources.NewSource{Credentials: credentials(), SpaceKey: "ENG"})
	b.queue.took()
	hours, include, language, name := 6, sources.Include, "simple", "Eng docs"
	got, err := b.service.Update(t.Context(), src.ID, sources.SourceChange{Name: &name, SyncFrequencyHours: &hours, RestrictedPages: &include})
	b.ok(err)
	if got.Name != name || got.SyncFrequencyHours != 6 || got.RestrictedPages != include || time.Until(*got.NextSyncAt) > 3*time.Hour {
		t.Errorf("source %+v", got)
	}
	if asked := b.queue.took(); len(asked) != 0 {
		t.Errorf("a source that was never synced was queued: %v", asked)
	}
	synced(b, src.ID)
	skip := sources.Skip
	_, err = b.service.Update(t.Context(), src.ID, sources.SourceChange{RestrictedPages: &skip})
	b.ok(err)
	_, err = b.service.Update(t.Context(), src.ID, sources.SourceChange{TextLanguage: &language})
	b.ok(err)
	want := []string{"sync confluence_ENG manual reconcile=true full=false", "reprocess confluence_ENG manual reconcile=false full=true"}
	if diff := cmp.Diff(want, b.queue.took()); diff != "" {
		t.Errorf("queued (-want +got):\n%s", diff)
	}
	if _, err := b.service.Update(t.Context(), "confluence_NONE", sources.SourceChange{}); !errors.Is(err, wiki.ErrNotFound) {
		t.Errorf("no such source: %v", err)
	}
}

func TestPauseResumeCancelDelete(t *testing.T) {
	t.Parallel()
	b := setup(t)
	src := b.create(sources.NewSource{Credentials: credentials(), SpaceKey: "ENG"})
	b.queue.took()
	if err := b.service.Cancel(t.Context(), src.ID); !errors.Is(err, wiki.ErrConflict) {
		t.Errorf("nothing to cancel: %v", err)
	}
	b.queue.open = true
	b.ok(b.service.Cancel(t.Context(), src.ID))
	b.ok(b.service.Pause(t.Context(), src.ID))
	b.queue.open = false
	if _, err := b.service.Sync(t.Context(), src.ID, sources.SyncRequest{}); !errors.Is(err, wiki.ErrConflict) {
		t.Errorf("a paused source was queued: %v", err)
	}
	if st, err := b.service.Status(t.Context(), src.ID); err != nil || st.State != sources.StatePaused || st.NextSyncAt != nil {
		t.Errorf("status %+v, %v", st, err)
	}
	stopped(b, src.ID)
	b.ok(b.service.Resume(t.Context(), src.ID))
	b.queue.open = true
	if err := b.service.Reprocess(t.Context(), src.ID); !errors.Is(err, wiki.ErrConflict) {
		t.Errorf("pages are processed again beside a run: %v", err)
	}
	b.queue.open = false
	b.ok(b.service.Resume(t.Context(), src.ID)) // twice does no harm
	want := []string{"cancel confluence_ENG", "pause confluence_ENG", "sync confluence_ENG manual reconcile=true full=true"}
	if diff := cmp.Diff(want, b.queue.took()); diff != "" {
		t.Errorf("queued (-want +got):\n%s", diff)
	}
	b.ok(b.service.Delete(t.Context(), src.ID))
	if list, err := b.service.List(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("sources %v, %v", list, err)
	}
	if list, err := b.service.Connections(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("connections %v, %v", list, err)
	}
}

func TestRunsArePaged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	src := b.create(sources.NewSource{Credentials: credentials(), SpaceKey: "ENG"})
	for range 5 {
		stopped(b, src.ID)
	}
	var ids []string
	cursor := ""
	for {
		runs, next, err := b.service.Runs(t.Context(), src.ID, sources.ListOptions{Limit: 2, Cursor: cursor})
		b.ok(err)
		for _, r := range runs {
			ids = append(ids, r.ID)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if len(ids) != 5 || ids[0] <= ids[4] {
		t.Errorf("runs %v", ids)
	}
	run, err := b.service.Run(t.Context(), ids[0])
	b.ok(err)
	if run.State != sources.RunCancelled || len(run.Errors) != 1 || run.Errors[0].PageID != "7" {
		t.Errorf("run %+v", run)
	}
	for _, bad := range []string{"x", "99999"} {
		if _, err := b.service.Run(t.Context(), bad); !errors.Is(err, wiki.ErrNotFound) {
			t.Errorf("run %s: %v", bad, err)
		}
	}
	if _, _, err := b.service.Runs(t.Context(), src.ID, sources.ListOptions{Cursor: "x"}); !errors.Is(err, wiki.ErrInvalid) {
		t.Errorf("a made-up cursor: %v", err)
	}
}
