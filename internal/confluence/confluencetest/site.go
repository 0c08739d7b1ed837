package confluencetest

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Options say what kind of site it is. The zero value is a Cloud site under /wiki.
type Options struct {
	DataCenter bool
	// ContextPath is where Confluence lives on a Data Center host: "", "/confluence". Cloud is always at /wiki.
	ContextPath string
	// Clock is the server's clock; time.Now where nil.
	Clock func() time.Time
	// Title is the name of the site on its web pages.
	Title string
	// PublicWeb shows unrestricted pages to browsers that are not logged in.
	PublicWeb bool
	// CloudID is the site's id at the gateway.
	CloudID string
	// Seed makes ids and faults repeatable.
	Seed uint64
}

// Behaviour is how the site behaves now; change it with Configure.
type Behaviour struct {
	// IndexLag is how long an edit takes to reach the search index.
	IndexLag time.Duration
	// Zone is the zone in which CQL date literals are read. Half an hour off UTC unless set.
	Zone *time.Location
	// DayGranularity compares CQL dates by day, as some sites were said to.
	DayGranularity bool
	// V1Removed answers 410 to the deprecated v1 endpoints.
	V1Removed bool
	// Outage answers 503 to everything.
	Outage bool
	// Unauthorized answers 401 to bad credentials, as documented; else 404 (v2) and 403 (v1), as measured.
	Unauthorized bool
	// CursorLife makes cursors expire; 0 is never.
	CursorLife time.Duration
	// TrailingPage ends every search with a page of no rows that a next link led to.
	TrailingPage bool
	// MaxInFlight answers 429 to more simultaneous requests than that; 0 is no limit.
	MaxInFlight int
	// Scopes, where not nil, are what API v2 ("v2") and v1 ("v1") tokens may do; what is missing answers 401.
	Scopes map[string]bool
}

// Site is one Confluence. All methods may be called at any time from any goroutine.
type Site struct {
	options Options
	api     http.Handler

	mu        sync.RWMutex
	behaviour Behaviour
	random    *rand.Rand
	lastID    int64
	position  int
	spaces    map[int64]*space
	contents  map[int64]*content
	bySpace   map[int64][]int64
	byParent  map[int64][]int64
	index     map[int64]*content
	pending   []pendingEntry
	users     map[string]*User
	groups    map[string]string // name to id
	secrets   map[string]string // credential to account id
	scoped    map[string]bool   // credentials that only the gateway takes
	trouble   map[int64]trouble
	purged    map[string]bool

	faultMu sync.Mutex
	faults  []*activeFault

	countMu  sync.Mutex
	calls    map[string]int
	bytes    int64
	requests []Request
	inFlight atomic.Int64
	peak     atomic.Int64
	turn     atomic.Uint64
}

// New returns an empty site.
func New(o Options) *Site {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Title == "" {
		o.Title = "Confluence"
	}
	if !o.DataCenter {
		o.ContextPath = "/wiki"
	}
	if o.CloudID == "" {
		o.CloudID = "0c7a5b1e-3f52-4c7e-9d56-6f0a1d7e2b44"
	}
	s := &Site{
		options:   o,
		behaviour: Behaviour{Zone: time.FixedZone("site", 5*3600+1800)},
		random:    rand.New(rand.NewPCG(o.Seed, 0x51c1ce)),
		lastID:    4_400_000_000,
		spaces:    map[int64]*space{},
		contents:  map[int64]*content{},
		bySpace:   map[int64][]int64{},
		byParent:  map[int64][]int64{},
		index:     map[int64]*content{},
		users:     map[string]*User{},
		groups:    map[string]string{},
		secrets:   map[string]string{},
		scoped:    map[string]bool{},
		trouble:   map[int64]trouble{},
		purged:    map[string]bool{},
		calls:     map[string]int{},
	}
	s.api = s.routes()
	return s
}

// Configure changes how the site behaves from now on.
func (s *Site) Configure(change func(*Behaviour)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.behaviour)
}

func (s *Site) settings() Behaviour {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.behaviour
}

// now is the server's clock, at the precision the API tells times in.
func (s *Site) now() time.Time { return s.options.Clock().UTC().Truncate(time.Millisecond) }

// pendingEntry is a change that the index will see at due.
type pendingEntry struct {
	due time.Time
	id  int64
	to  *content // nil: gone
}

// touch lets the index know that a content changed.
func (s *Site) touch(id int64) {
	c := s.contents[id]
	if c != nil && c.status != statusCurrent {
		c = nil
	}
	if s.behaviour.IndexLag <= 0 && len(s.pending) == 0 {
		s.setIndex(id, c)
		return
	}
	s.pending = append(s.pending, pendingEntry{s.now().Add(s.behaviour.IndexLag), id, c})
}

func (s *Site) setIndex(id int64, c *content) {
	if c == nil {
		delete(s.index, id)
		return
	}
	s.index[id] = c
}

// refreshIndex applies what is due.
func (s *Site) refreshIndex() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	keep := s.pending[:0]
	for _, p := range s.pending {
		if p.due.After(now) {
			keep = append(keep, p)
			continue
		}
		s.setIndex(p.id, p.to)
	}
	s.pending = keep
}

// FlushIndex makes the search index catch up now.
func (s *Site) FlushIndex() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.pending {
		s.setIndex(p.id, p.to)
	}
	s.pending = nil
}
