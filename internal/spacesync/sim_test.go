package spacesync_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/sluicehq/sluice/internal/confluence"
	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

const (
	robot = "robot" // the account that syncs
	token = "token"
)

// clock is a clock that goes when it is told to, and a millisecond with every look.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Millisecond)
	return c.at
}

func (c *clock) sleep(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// sim is a bench whose site is the simulator, spoken to by the real client.
type sim struct {
	*bench
	wiki   *confluencetest.Site
	clock  *clock
	client *confluence.Client
}

func newSim(t testing.TB, o confluencetest.Options, so spacesync.Options, keys ...string) *sim {
	t.Helper()
	c := &clock{at: time.Now().Add(-30 * 24 * time.Hour)}
	o.Clock, so.Now = c.now, c.now
	w := confluencetest.New(o)
	w.AddUser(confluencetest.User{ID: robot, Username: robot, Name: "Robot", Email: "robot@example.com", Groups: []string{"staff"}})
	w.AddUser(confluencetest.User{ID: "ada", Username: "ada", Name: "Ada", Email: "ada@example.com"})
	w.AddToken(robot, token)
	conn := sources.Connection{BaseURL: w.Start(t), Deployment: wiki.Cloud, Email: "robot@example.com"}
	if o.DataCenter {
		conn.Deployment, conn.Email = wiki.DataCenter, ""
	}
	var err error
	if conn.BaseURL, err = confluence.NormalizeURL(conn.BaseURL, conn.Deployment); err != nil {
		t.Fatal(err)
	}
	pool := confluence.NewPool(confluence.Options{HTTP: &http.Client{}, Backoff: time.Millisecond, MaxRate: rate.Inf, Tries: 3})
	client, err := pool.Client(sources.Access{Connection: conn, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	s := &sim{wiki: w, clock: c, client: client, bench: newBenchAt(t, client, conn, so)}
	for _, key := range keys {
		id := w.AddSpace(confluencetest.Space{Key: key, Name: key})
		space := wiki.Space{ID: id, Key: key, Name: key}
		if o.DataCenter {
			space.ID = ""
		}
		s.source(space, sources.OnDemand, sources.Skip)
	}
	return s
}

// agree fails where the index is not what the site holds; the names of ancestors are compared where they are pages.
func (s *sim) agree(key string) {
	s.t.Helper()
	got := s.pages(strings.ToLower(key))
	for id, p := range got {
		p.Crumbs = ""
		got[id] = p
	}
	s.diff(key, s.wantUnder(key, sources.Skip), got)
}

func TestSimulator(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]confluencetest.Options{
		"cloud":      {},
		"datacenter": {DataCenter: true, ContextPath: "/confluence"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSim(t, o, spacesync.Options{}, "ENG", "OPS")
			top := s.wiki.AddPage("ENG", confluencetest.Page{Title: "Top", Body: "<p>top</p>", Labels: []string{"a"}})
			mid := s.wiki.AddPage("ENG", confluencetest.Page{Title: "Mid", Body: "<p>mid</p>", Parent: top})
			low := s.wiki.AddPage("ENG", confluencetest.Page{Title: "Low", Body: "<p>low</p>", Parent: mid})
			s.wiki.AddBlogPost("ENG", confluencetest.Page{Title: "News", Body: "<p>news</p>"})
			s.compare("eng")
			s.compare("ops")
			s.agree("ENG")
			s.agree("OPS")

			s.clock.sleep(time.Hour)
			s.sync("eng")
			s.wiki.ResetCounters()
			s.clock.sleep(time.Hour)
			s.sync("eng")
			if n := s.wiki.TotalCalls(); n > 3 {
				t.Errorf("an idle run took %d calls: %v", n, s.wiki.Calls())
			}

			s.wiki.Edit(low, "<p>lower</p>", "")
			s.wiki.Rename(top, "The top")
			s.sync("eng")
			s.agree("ENG")

			s.wiki.Move(mid, s.wiki.HomePage("ENG"))
			s.wiki.Label(mid, "fresh")
			s.wiki.Restrict(top, confluencetest.Readers{Users: []string{robot}})
			s.compare("eng")
			s.agree("ENG")

			s.wiki.MoveToSpace(mid, "OPS", "")
			s.compare("eng")
			if _, ok := s.pages("eng")[mid]; !ok {
				t.Error("the page that moved is gone before its new source has it")
			}
			s.sync("ops")
			s.compare("eng")
			s.agree("ENG")
			s.agree("OPS")

			s.wiki.Archive(low)
			s.wiki.Restrict(top, confluencetest.Readers{})
			s.compare("ops")
			s.compare("eng")
			s.agree("ENG")
			s.agree("OPS")
		})
	}
}
