package confluence

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// Options configure a Pool; only HTTP is required.
type Options struct {
	// HTTP sends the requests; make it with outbound.NewClient, which guards the addresses.
	HTTP *http.Client
	// Concurrency is how many requests to one site are under way at a time. 0: 5.
	Concurrency int
	// MaxRate is how many requests a second one site gets while it does not object. 0: 50; rate.Inf: no bound.
	MaxRate rate.Limit
	// Tries is how often a request is sent before it counts as failed. 0: 5.
	Tries int
	// Backoff is the first pause after a failure, which doubles, and the least pause after an answer that asks for
	// one. 0: a second.
	Backoff time.Duration
	// MaxWait is the longest pause that a site may ask for while a request waits; where it asks for more, requests fail
	// at once until then. 0: two minutes.
	MaxWait time.Duration
	// Timeout bounds one try, to the last byte. 0: a minute.
	Timeout time.Duration
	// MaxBody is the largest answer in bytes that is read. 0: 64 MiB.
	MaxBody int64
	// UserAgent is sent along; some firewalls refuse the defaults of libraries. Empty: "sluice".
	UserAgent string
	Logger    *slog.Logger
}

// WithDefaults fills in what is not set.
func (o Options) WithDefaults() Options {
	if o.Concurrency <= 0 {
		o.Concurrency = 5
	}
	if o.MaxRate <= 0 {
		o.MaxRate = 50
	}
	if o.Tries <= 0 {
		o.Tries = 5
	}
	if o.Backoff <= 0 {
		o.Backoff = time.Second
	}
	if o.MaxWait <= 0 {
		o.MaxWait = 2 * time.Minute
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 64 << 20
	}
	if o.UserAgent == "" {
		o.UserAgent = "sluice"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Pool makes clients and holds what they share per site. It is safe for concurrent use.
type Pool struct {
	options Options

	mu    sync.Mutex // guards sites
	sites map[string]*site
}

// NewPool returns a pool.
func NewPool(o Options) *Pool {
	return &Pool{options: o.WithDefaults(), sites: map[string]*site{}}
}

// Client returns a client for a site as one account sees it. It does not ask the site anything yet.
// *wiki.InvalidError where the address cannot be one.
func (p *Pool) Client(a sources.Access) (*Client, error) {
	deployment := a.Deployment
	if deployment == "" {
		deployment = wiki.Cloud
	}
	base, err := NormalizeURL(a.BaseURL, deployment)
	if err != nil {
		return nil, err
	}
	return newClient(p.options, p.site(base), base, deployment, a.Email, a.Token), nil
}

// Dial is Client for the administration of sources.
func (p *Pool) Dial(a sources.Access) (sources.Site, error) {
	c, err := p.Client(a)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (p *Pool) site(base string) *site {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.sites[base]
	if !ok {
		s = newSite(p.options)
		p.sites[base] = s
	}
	return s
}
