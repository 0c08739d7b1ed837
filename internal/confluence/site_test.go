package confluence_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"

	"github.com/sluicehq/sluice/internal/confluence"
	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/outbound"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// fixture is a site with every kind of content in it, and a client of the account "bot".
type fixture struct {
	*confluence.Client
	site    *confluencetest.Site
	pool    *confluence.Pool
	address string
	cloud   bool
	space   wiki.Space

	page, child, deep, folder, secret, blog, archived, trashed string
}

// pages is how many plain pages the space has: more than one page of any listing.
const pages = 260

func deployments() map[string]confluencetest.Options {
	return map[string]confluencetest.Options{"cloud": {}, "datacenter": {DataCenter: true, ContextPath: "/confluence"}}
}

func setup(t *testing.T, o confluencetest.Options) *fixture {
	t.Helper()
	s := confluencetest.New(o)
	s.AddUser(confluencetest.User{ID: "bot", Username: "bot.name", Name: "Sync Bot", Email: "bot@example.com", App: true})
	s.AddUser(confluencetest.User{ID: "ada", Username: "ada.name", Name: "Ada Lovelace", Email: "ada@example.com", Groups: []string{"writers"}})
	s.AddToken("bot", "token")
	s.AddSpace(confluencetest.Space{Key: "ENG", Name: "Engineering", Author: "ada"})
	s.AddSpace(confluencetest.Space{Key: "~ada", Name: "Ada's", Type: "personal"})
	f := &fixture{site: s, cloud: !o.DataCenter}
	f.page = s.AddPage("ENG", confluencetest.Page{Title: "Deploy <guide>", Body: "<p>Hello</p>", Author: "ada", Labels: []string{"runbook", "my:private", "alpha"}})
	f.child = s.AddPage("ENG", confluencetest.Page{Title: "Child", Parent: f.page, Body: "<p>Child</p>", Author: "ada"})
	above := f.page
	if f.cloud {
		f.folder = s.AddFolder("ENG", confluencetest.Page{Title: "Runbooks", Parent: f.page, Author: "ada"})
		above = f.folder
	}
	f.deep = s.AddPage("ENG", confluencetest.Page{Title: "Deep", Parent: above, Body: "<p>Deep</p>", Author: "ada"})
	f.secret = s.AddPage("ENG", confluencetest.Page{Title: "Secret", Body: "<p>Secret</p>", Readers: confluencetest.Readers{Users: []string{"bot"}, Groups: []string{"writers"}}})
	s.AddPage("ENG", confluencetest.Page{Title: "Not for the bot", Readers: confluencetest.Readers{Users: []string{"ada"}}})
	f.blog = s.AddBlogPost("ENG", confluencetest.Page{Title: "News", Body: "<p>News</p>", Author: "ada", Labels: []string{"news"}})
	f.archived = s.AddPage("ENG", confluencetest.Page{Title: "Old", Body: "<p>Old</p>", Status: "archived"})
	f.trashed = s.AddPage("ENG", confluencetest.Page{Title: "Thrown away", Body: "<p>x</p>"})
	s.Trash(f.trashed)
	s.AddPage("ENG", confluencetest.Page{Title: "Draft", Status: "draft"})
	old := time.Now().Add(-48 * time.Hour)
	for i := range pages {
		s.AddPage("ENG", confluencetest.Page{Title: fmt.Sprintf("Page %03d", i), Body: "<p>Text</p>", Created: old, Modified: old, Author: "ada"})
	}
	f.address = s.Start(t)
	f.pool = newPool(t, true)
	f.Client = f.connect(t, "token")
	space, err := f.Space(t.Context(), "eng")
	if err != nil {
		t.Fatal(err)
	}
	f.space = space
	return f
}

func newPool(t *testing.T, allowPrivate bool) *confluence.Pool {
	t.Helper()
	client, err := outbound.NewClient(outbound.Options{AllowPrivate: allowPrivate})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return confluence.NewPool(confluence.Options{HTTP: client, Backoff: time.Millisecond, MaxRate: rate.Inf})
}

func TestPrivateAddressIsRefused(t *testing.T) {
	t.Parallel()
	f := setup(t, confluencetest.Options{})
	f.site.ResetCounters()
	f.pool = newPool(t, false)
	_, _, err := f.connect(t, "token").Me(t.Context())
	if !errors.Is(err, wiki.ErrAddress) || !strings.Contains(err.Error(), "SLUICE_ALLOW_PRIVATE_ADDRESSES") || f.site.TotalCalls() != 0 {
		t.Errorf("Me = %v after %d calls, want the address refused", err, f.site.TotalCalls())
	}
}

func (f *fixture) connect(t *testing.T, token string) *confluence.Client {
	t.Helper()
	c, err := f.pool.Client(f.access(token))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (f *fixture) access(token string) sources.Access {
	a := sources.Access{Connection: sources.Connection{BaseURL: f.address, Deployment: wiki.DataCenter}, Token: token}
	if f.cloud {
		a.Deployment, a.Email = wiki.Cloud, "bot@example.com"
	}
	return a
}

// all reads a listing to its end.
func all[T any](t *testing.T, seq iter.Seq2[T, error]) []T {
	t.Helper()
	var list []T
	for v, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

func idsOf(refs []wiki.ContentRef) []string {
	var ids []string
	for _, ref := range refs {
		ids = append(ids, ref.ID)
	}
	slices.Sort(ids)
	return ids
}

func (f *fixture) truth(typ string) []string {
	var ids []string
	for _, t := range f.site.Truth("ENG", "bot") {
		if t.Type == typ {
			ids = append(ids, t.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

func TestMe(t *testing.T) {
	t.Parallel()
	for deployment, o := range deployments() {
		t.Run(deployment, func(t *testing.T) {
			t.Parallel()
			f := setup(t, o)
			me, now, err := f.Me(t.Context())
			if err != nil || me.ID != "bot" || me.DisplayName != "Sync Bot" || !me.Active {
				t.Errorf("Me = %+v, %v", me, err)
			}
			if d := time.Since(now).Abs(); d > 5*time.Second || now.Location() != time.UTC {
				t.Errorf("server time %v is off by %s", now, d)
			}
			if at, ok := f.ServerTime(); !ok || at.Before(now) {
				t.Errorf("ServerTime = %v, %v", at, ok)
			}
			for _, documented := range []bool{true, false} {
				f.site.Configure(func(b *confluencetest.Behaviour) { b.Unauthorized = documented })
				wrong := f.connect(t, "wrong")
				if _, _, err := wrong.Me(t.Context()); !errors.Is(err, wiki.ErrCredentials) {
					t.Errorf("Me with a wrong token = %v, want ErrCredentials", err)
				}
				if _, err := wrong.Space(t.Context(), "ENG"); !errors.Is(err, wiki.ErrCredentials) {
					t.Errorf("Space with a wrong token = %v, want ErrCredentials", err)
				}
			}
		})
	}
}

func TestSpaces(t *testing.T) {
	t.Parallel()
	for deployment, o := range deployments() {
		t.Run(deployment, func(t *testing.T) {
			t.Parallel()
			f := setup(t, o)
			if f.space.Key != "ENG" || f.space.Name != "Engineering" || f.space.ID == "" || f.space.Status != "current" || f.space.URL == "" {
				t.Errorf("space %+v", f.space)
			}
			if f.space.HomepageID != f.site.HomePage("ENG") {
				t.Errorf("home page %q, want %q", f.space.HomepageID, f.site.HomePage("ENG"))
			}
			if _, err := f.Space(t.Context(), "NOPE"); !errors.Is(err, wiki.ErrNotFound) {
				t.Errorf("unknown space: %v", err)
			}
			var keys []string
			for _, s := range all(t, iter.Seq2[wiki.Space, error](f.Spaces(t.Context()))) {
				keys = append(keys, s.Key)
			}
			slices.Sort(keys)
			if diff := cmp.Diff([]string{"ENG", "~ada"}, keys); diff != "" {
				t.Errorf("spaces (-want +got)\n%s", diff)
			}
			want := len(f.truth("page")) + len(f.truth("blogpost"))
			if n, err := f.PageCount(t.Context(), "ENG"); err != nil || n < want-5 || n > want+5 {
				t.Errorf("PageCount = %d, %v; want about %d", n, err, want)
			}
		})
	}
}

func TestListings(t *testing.T) {
	t.Parallel()
	for deployment, o := range deployments() {
		t.Run(deployment, func(t *testing.T) {
			t.Parallel()
			f := setup(t, o)
			for typ, name := range map[wiki.ContentType]string{wiki.TypePage: "page", wiki.TypeBlogPost: "blogpost"} {
				refs := all(t, f.List(t.Context(), f.space, typ))
				if diff := cmp.Diff(f.truth(name), idsOf(refs)); diff != "" {
					t.Errorf("List(%s) (-want +got)\n%s", typ, diff)
				}
			}
			i := slices.IndexFunc(all(t, f.List(t.Context(), f.space, wiki.TypePage)), func(r wiki.ContentRef) bool { return r.ID == f.deep })
			deep := all(t, f.List(t.Context(), f.space, wiki.TypePage))[i]
			parent, parentType := f.folder, "folder"
			if !f.cloud {
				parent, parentType = f.page, "page"
			}
			if deep.ParentID != parent || deep.ParentType != parentType || deep.Version != 1 || deep.AuthorID != "ada" || deep.SpaceKey != "ENG" || deep.SpaceID != f.space.ID || deep.URL == "" {
				t.Errorf("ref %+v", deep)
			}
			recent := f.RecentlyModified(t.Context(), f.space, wiki.TypePage)
			if !f.cloud {
				for _, err := range recent {
					if !errors.Is(err, errors.ErrUnsupported) {
						t.Errorf("RecentlyModified = %v, want ErrUnsupported", err)
					}
				}
				return
			}
			refs := all(t, recent)
			if !slices.IsSortedFunc(refs, func(a, b wiki.ContentRef) int { return b.VersionAt.Compare(a.VersionAt) }) {
				t.Error("RecentlyModified is not sorted by date")
			}
			if diff := cmp.Diff(f.truth("page"), idsOf(refs)); diff != "" {
				t.Errorf("RecentlyModified (-want +got)\n%s", diff)
			}
		})
	}
}

func TestChangedSince(t *testing.T) {
	t.Parallel()
	for deployment, o := range deployments() {
		t.Run(deployment, func(t *testing.T) {
			t.Parallel()
			f := setup(t, o)
			home := f.site.HomePage("ENG")
			want := []string{home, f.page, f.child, f.deep, f.secret, f.blog}
			slices.Sort(want)
			if diff := cmp.Diff(want, idsOf(all(t, f.ChangedSince(t.Context(), "ENG", 30*time.Minute)))); diff != "" {
				t.Errorf("ChangedSince 30 minutes (-want +got)\n%s", diff)
			}
			if got, want := len(all(t, f.ChangedSince(t.Context(), "ENG", 72*time.Hour))), pages+len(want); got != want {
				t.Errorf("ChangedSince 72 hours: %d rows, want %d", got, want)
			}
			f.site.Configure(func(b *confluencetest.Behaviour) { b.TrailingPage = true })
			if got, want := len(all(t, f.ChangedSince(t.Context(), "ENG", 72*time.Hour))), pages+len(want); got != want {
				t.Errorf("with a trailing page: %d rows, want %d", got, want)
			}
			if rows := all(t, f.ChangedSince(t.Context(), `NO" or type = "page`, time.Hour)); len(rows) != 0 {
				t.Errorf("an unknown space has %d changes", len(rows))
			}
		})
	}
}

func TestContents(t *testing.T) {
	t.Parallel()
	for deployment, o := range deployments() {
		t.Run(deployment, func(t *testing.T) {
			t.Parallel()
			f := setup(t, o)
			f.site.LoseBody(f.child)
			ids := []string{f.trashed, f.page, "999999", f.child, f.archived, f.blog, "x", f.page}
			got, err := f.Contents(t.Context(), wiki.TypePage, ids, true)
			if err != nil {
				t.Fatal(err)
			}
			type seen struct {
				ID, Title, Storage string
				Status             wiki.Status
				HasBody            bool
			}
			var list []seen
			for _, c := range got {
				list = append(list, seen{c.ID, c.Title, c.Storage, c.Status, c.HasBody})
			}
			want := []seen{
				{f.trashed, "Thrown away", "<p>x</p>", wiki.StatusTrashed, true},
				{f.page, "Deploy <guide>", "<p>Hello</p>", wiki.StatusCurrent, true},
				{f.child, "Child", "", wiki.StatusCurrent, false},
				{f.archived, "Old", "<p>Old</p>", wiki.StatusArchived, true},
			}
			if diff := cmp.Diff(want, list); diff != "" {
				t.Errorf("Contents (-want +got)\n%s", diff)
			}
			posts, err := f.Contents(t.Context(), wiki.TypeBlogPost, []string{f.blog, f.page}, false)
			if err != nil || len(posts) != 1 || posts[0].ID != f.blog || posts[0].HasBody {
				t.Errorf("blog posts = %+v, %v", posts, err)
			}
			f.site.Poison(f.deep, false)
			if _, err := f.Contents(t.Context(), wiki.TypePage, []string{f.page, f.deep}, true); f.cloud && !errors.Is(err, wiki.ErrUnavailable) {
				t.Errorf("a poisoned batch = %v, want ErrUnavailable", err)
			}
			if alone, err := f.Contents(t.Context(), wiki.TypePage, []string{f.deep}, true); err != nil || len(alone) != 1 {
				t.Errorf("the poison alone = %v, %v", alone, err)
			}
			every := f.truth("page")
			if got, err := f.Contents(t.Context(), wiki.TypePage, every, false); err != nil || len(got) != len(every) {
				t.Errorf("%d of %d pages, %v", len(got), len(every), err)
			}
		})
	}
}

func TestMetas(t *testing.T) {
	t.Parallel()
	for deployment, o := range deployments() {
		t.Run(deployment, func(t *testing.T) {
			t.Parallel()
			f := setup(t, o)
			want := map[string]wiki.Meta{}
			for _, truth := range f.site.Truth("ENG", "bot") {
				m := wiki.Meta{ID: truth.ID, Labels: append([]string{}, truth.Labels...), ReadRestricted: truth.OwnRestricted}
				for _, id := range truth.Ancestors {
					m.Ancestors = append(m.Ancestors, wiki.Node{ID: id})
				}
				want[truth.ID] = m
			}
			compare := func(what string, metas []wiki.Meta) {
				t.Helper()
				for _, m := range metas {
					for i := range m.Ancestors {
						m.Ancestors[i] = wiki.Node{ID: m.Ancestors[i].ID}
					}
					if diff := cmp.Diff(want[m.ID], m); diff != "" {
						t.Errorf("%s, %s (-want +got)\n%s", what, m.ID, diff)
					}
				}
			}
			metas := all(t, f.SpaceMetas(t.Context(), "ENG"))
			if len(metas) != len(want) {
				t.Errorf("SpaceMetas: %d, want %d", len(metas), len(want))
			}
			compare("SpaceMetas", metas)
			// What the index does not know yet is read from the store.
			f.site.Configure(func(b *confluencetest.Behaviour) { b.IndexLag = time.Hour })
			fresh := f.site.AddPage("ENG", confluencetest.Page{Title: "Fresh", Parent: f.deep, Labels: []string{"new", "my:own"}, Readers: confluencetest.Readers{Users: []string{"bot"}}})
			post := f.site.AddBlogPost("ENG", confluencetest.Page{Title: "Fresh news", Labels: []string{"new"}})
			for _, truth := range f.site.Truth("ENG", "bot") {
				if truth.ID == fresh || truth.ID == post {
					m := wiki.Meta{ID: truth.ID, Labels: truth.Labels, ReadRestricted: truth.OwnRestricted}
					for _, id := range truth.Ancestors {
						m.Ancestors = append(m.Ancestors, wiki.Node{ID: id})
					}
					want[truth.ID] = m
				}
			}
			some, err := f.Metas(t.Context(), []string{f.secret, fresh, f.page, "999999", post, f.deep})
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, m := range some {
				ids = append(ids, m.ID)
			}
			if diff := cmp.Diff([]string{f.secret, fresh, f.page, post, f.deep}, ids); diff != "" {
				t.Errorf("Metas (-want +got)\n%s", diff)
			}
			compare("Metas", some)
		})
	}
}

func TestReadRestrictedAndNode(t *testing.T) {
	t.Parallel()
	for deployment, o := range deployments() {
		t.Run(deployment, func(t *testing.T) {
			t.Parallel()
			f := setup(t, o)
			nodes := map[string]string{f.page: "page", f.deep: "page", f.secret: "page"}
			if f.cloud {
				nodes[f.folder] = "folder"
				nodes[f.site.AddNode("ENG", "whiteboard", confluencetest.Page{Title: "Board", Parent: f.folder})] = "whiteboard"
			}
			for id, typ := range nodes {
				for _, hint := range []string{typ, ""} {
					node, err := f.Node(t.Context(), id, hint)
					if err != nil || node.ID != id || node.Type != typ || node.Title == "" || node.ParentID == "" || node.ParentType == "" || node.SpaceID != f.space.ID {
						t.Errorf("Node(%s, %q) = %+v, %v", id, hint, node, err)
					}
				}
				restricted, err := f.ReadRestricted(t.Context(), id)
				if err != nil || restricted != (id == f.secret) {
					t.Errorf("ReadRestricted(%s %s) = %v, %v", typ, id, restricted, err)
				}
			}
			f.site.MakeUnreadable(f.page)
			for _, id := range []string{"999999", "../x", f.page} {
				if _, err := f.Node(t.Context(), id, ""); !errors.Is(err, wiki.ErrNotFound) {
					t.Errorf("Node(%q) = %v, want ErrNotFound", id, err)
				}
				if _, err := f.ReadRestricted(t.Context(), id); !errors.Is(err, wiki.ErrNotFound) {
					t.Errorf("ReadRestricted(%q) = %v, want ErrNotFound", id, err)
				}
			}
		})
	}
}

func TestAttachmentsAndContainers(t *testing.T) {
	t.Parallel()
	for deployment, o := range deployments() {
		t.Run(deployment, func(t *testing.T) {
			t.Parallel()
			f := setup(t, o)
			old := time.Now().Add(-48 * time.Hour)
			f.site.Attach(f.deep, confluencetest.Attachment{Name: "old.txt", Created: old})
			id := f.site.Attach(f.page, confluencetest.Attachment{Name: "diagram 100%.png", MediaType: "image/png", Size: 18231, Author: "ada"})
			f.site.Attach(f.page, confluencetest.Attachment{Name: "notes.txt", MediaType: "text/plain", Data: []byte("x")})
			f.site.AddComment(f.page, confluencetest.Comment{Body: "<p>Well</p>", Author: "ada"})
			f.site.AddComment(f.blog, confluencetest.Comment{Body: "<p>Nice</p>", Author: "ada"})
			files, err := f.Attachments(t.Context(), wiki.TypePage, f.page)
			if err != nil || len(files) != 2 {
				t.Fatalf("Attachments = %+v, %v", files, err)
			}
			i := slices.IndexFunc(files, func(a wiki.Attachment) bool { return a.ID == id })
			if i < 0 || files[i].Title != "diagram 100%.png" || files[i].MediaType != "image/png" || files[i].FileSize != 18231 || files[i].Version != 1 || files[i].CreatedAt.IsZero() || files[i].URL == "" {
				t.Errorf("attachments %+v", files)
			}
			if none, err := f.Attachments(t.Context(), wiki.TypeBlogPost, f.blog); err != nil || len(none) != 0 {
				t.Errorf("blog post's attachments = %v, %v", none, err)
			}
			got := all(t, f.ChangedContainers(t.Context(), "ENG", 30*time.Minute))
			want := []string{f.page, f.blog}
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("ChangedContainers (-want +got)\n%s", diff)
			}
		})
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	for deployment, o := range deployments() {
		t.Run(deployment, func(t *testing.T) {
			t.Parallel()
			f := setup(t, o)
			f.site.AddUser(confluencetest.User{ID: "gone", Username: "gone.name", Name: "Gone", Inactive: true})
			users, err := f.Users(t.Context(), []string{"ada", "nobody", "bot", "ada", ""})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, u := range users {
				names = append(names, u.ID+" "+u.DisplayName)
			}
			slices.Sort(names)
			if diff := cmp.Diff([]string{"ada Ada Lovelace", "bot Sync Bot"}, names); diff != "" {
				t.Errorf("Users (-want +got)\n%s", diff)
			}
			if none, err := f.Users(t.Context(), nil); err != nil || len(none) != 0 {
				t.Errorf("nobody = %v, %v", none, err)
			}
			if gone, err := f.Users(t.Context(), []string{"gone"}); err != nil || len(gone) == 1 && f.cloud && gone[0].Active {
				t.Errorf("somebody who left = %+v, %v", gone, err)
			}
		})
	}
}

// Listings survive whatever the site does once or twice, and are the same.
func TestListingsUnderFaults(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]confluencetest.Fault{
		"rate limit":      confluencetest.RateLimited(0).Times(2),
		"no retry-after":  confluencetest.RateLimited(-1).Times(2),
		"503":             confluencetest.Unavailable(503).Times(2),
		"500":             confluencetest.Status(500, `{}`).After(1).Times(2),
		"login page":      confluencetest.LoginPage().Times(2),
		"reset":           confluencetest.Reset().Times(2),
		"truncated":       confluencetest.Truncated(300).Times(2),
		"missing version": confluencetest.MissingFields("version").Times(2),
		"missing id":      confluencetest.MissingFields("id").Times(2),
		"missing results": confluencetest.Distort(func(a map[string]any) { delete(a, "results") }).Times(2),
		"repeated cursor": confluencetest.RepeatedCursor().Times(2),
		"duplicates":      confluencetest.Duplicates(),
		"clipped":         confluencetest.ClipLimit(17),
		"clipped to one":  confluencetest.ClipLimit(1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for deployment, o := range deployments() {
				t.Run(deployment, func(t *testing.T) {
					t.Parallel()
					f := setup(t, o)
					path := `/spaces/[0-9]+/pages|/rest/api/content$`
					f.site.Inject(fault.On("GET", path))
					if diff := cmp.Diff(f.truth("page"), idsOf(all(t, f.List(t.Context(), f.space, wiki.TypePage)))); diff != "" {
						t.Errorf("List (-want +got)\n%s", diff)
					}
				})
			}
		})
	}
}

func TestListingsFailWithAReason(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault confluencetest.Fault
		want  error
	}{
		"outage":          {confluencetest.Unavailable(503).After(1), wiki.ErrUnavailable},
		"login page":      {confluencetest.LoginPage().After(1), wiki.ErrUnavailable},
		"broken rows":     {confluencetest.MissingFields("version").After(1), wiki.ErrUnavailable},
		"no results":      {confluencetest.Distort(func(a map[string]any) { delete(a, "results") }), wiki.ErrUnavailable},
		"bad credentials": {confluencetest.BadCredentials().On("GET", ".").After(1), wiki.ErrCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for deployment, o := range deployments() {
				t.Run(deployment, func(t *testing.T) {
					t.Parallel()
					f := setup(t, o)
					fault := tt.fault
					if name != "bad credentials" {
						fault = fault.On("GET", `/spaces/[0-9]+/pages|/rest/api/content$`)
					}
					f.site.Inject(fault)
					var err error
					for _, err = range f.List(t.Context(), f.space, wiki.TypePage) {
						if err != nil {
							break
						}
					}
					if !errors.Is(err, tt.want) {
						t.Errorf("List ends with %v, want %v", err, tt.want)
					}
				})
			}
		})
	}
}

// What the search index answers is read to its end just as well.
func TestSearchUnderFaults(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]confluencetest.Fault{
		"none":       confluencetest.Slow(0),
		"login page": confluencetest.LoginPage().Times(2),
		"truncated":  confluencetest.Truncated(300).After(1).Times(2),
		"duplicates": confluencetest.Duplicates(),
		"clipped":    confluencetest.ClipLimit(13),
		"empty once": confluencetest.EmptyPage().Times(1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for deployment, o := range deployments() {
				t.Run(deployment, func(t *testing.T) {
					t.Parallel()
					f := setup(t, o)
					f.site.Configure(func(b *confluencetest.Behaviour) { b.TrailingPage = true })
					want := append(f.truth("page"), f.truth("blogpost")...)
					slices.Sort(want)
					f.site.Inject(fault.On("GET", `/rest/api/content/search$`))
					if diff := cmp.Diff(want, idsOf(all(t, f.ChangedSince(t.Context(), "ENG", 72*time.Hour)))); diff != "" {
						t.Errorf("ChangedSince (-want +got)\n%s", diff)
					}
					var got []string
					for _, m := range all(t, f.SpaceMetas(t.Context(), "ENG")) {
						got = append(got, m.ID)
					}
					slices.Sort(got)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("SpaceMetas (-want +got)\n%s", diff)
					}
				})
			}
		})
	}
}

// Rows that move while a listing is read are not lost.
func TestListingWhilePagesVanish(t *testing.T) {
	t.Parallel()
	for deployment, o := range deployments() {
		t.Run(deployment, func(t *testing.T) {
			t.Parallel()
			f := setup(t, o)
			every := f.truth("page")
			f.site.Inject(confluencetest.Before(func() { f.site.Purge(every[20]) }).On("GET", `/spaces/[0-9]+/pages|/rest/api/content$`).After(1).Times(1))
			got := idsOf(all(t, f.List(t.Context(), f.space, wiki.TypePage)))
			for _, id := range f.truth("page") {
				if !slices.Contains(got, id) {
					t.Errorf("page %s is missing", id)
				}
			}
		})
	}
}

func TestGateway(t *testing.T) {
	t.Parallel()
	const cloudID = "0c7a5b1e-3f52-4c7e-9d56-6f0a1d7e2b44"
	f := setup(t, confluencetest.Options{CloudID: cloudID})
	f.site.Configure(func(b *confluencetest.Behaviour) { b.V1Removed = true })
	f.address = f.address[:len(f.address)-len("/wiki")] + "/ex/confluence/" + cloudID
	c := f.connect(t, "token")
	if got, want := len(all(t, c.List(t.Context(), f.space, wiki.TypePage))), len(f.truth("page")); got != want {
		t.Errorf("List: %d, want %d", got, want)
	}
	if got := len(all(t, c.ChangedSince(t.Context(), "ENG", 72*time.Hour))); got < pages {
		t.Errorf("ChangedSince: %d rows", got)
	}
	if _, err := c.Metas(t.Context(), []string{f.page}); err != nil {
		t.Error(err)
	}
}
