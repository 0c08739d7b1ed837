package confluence

import (
	"encoding/base64"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

var (
	_ spacesync.Site    = (*Client)(nil)
	_ spacesync.Metered = (*Client)(nil)
	_ sources.Site      = (*Client)(nil)
)

// Client speaks to one site as one account. It is safe for concurrent use; clients of one pool and site share its
// limits.
type Client struct {
	options       Options
	site          *site
	base          string // where requests go
	prefix        string // the path of base
	deployment    wiki.Deployment
	authorization string
	secrets       *strings.Replacer

	calls, errors, retries, bytes atomic.Int64

	mu    sync.Mutex // guards what follows
	clock time.Time
	human string // the site's address for people; empty until the gateway has told it
}

func newClient(o Options, s *site, base string, d wiki.Deployment, email, token string) *Client {
	c := &Client{options: o, site: s, base: base, deployment: d}
	if u, err := url.Parse(base); err == nil {
		c.prefix = u.EscapedPath()
	}
	basic := base64.StdEncoding.EncodeToString([]byte(email + ":" + token))
	if d == wiki.DataCenter {
		c.authorization = "Bearer " + token
	} else {
		c.authorization = "Basic " + basic
	}
	pairs := []string{basic, "…"}
	if token != "" {
		pairs = append(pairs, token, "…", url.QueryEscape(token), "…")
	}
	c.secrets = strings.NewReplacer(pairs...)
	if !isGateway(base) {
		c.human = base
	}
	return c
}

// String names the site and nothing secret, wherever a client is printed.
func (c *Client) String() string { return "Confluence at " + c.base }

func (c *Client) cloud() bool { return c.deployment == wiki.Cloud }

// Usage is what the client has sent and received so far.
func (c *Client) Usage() spacesync.Usage {
	return spacesync.Usage{
		Calls: int(c.calls.Load()), Errors: int(c.errors.Load()), Retries: int(c.retries.Load()), Bytes: c.bytes.Load(),
	}
}

// ServerTime is the site's clock as of the latest answer; false before the first.
func (c *Client) ServerTime() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.clock, !c.clock.IsZero()
}

func (c *Client) setClock(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock = at.UTC()
}

// learnBase notes the site's address for people. Only behind the gateway is an answer believed about it: elsewhere it is
// the address that a person entered.
func (c *Client) learnBase(links links) {
	if links.Base == "" || !isGateway(c.base) {
		return
	}
	u, err := url.Parse(links.Base)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || isGateway(links.Base) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.human = strings.TrimSuffix((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), "/")
}

// link makes an address for people of a path that the site gave; where it gave none, of the content's id.
func (c *Client) link(path, id string) string {
	c.mu.Lock()
	human := c.human
	c.mu.Unlock()
	if human == "" {
		return ""
	}
	if strings.HasPrefix(path, "/") {
		return human + path
	}
	if id == "" {
		return human
	}
	return human + "/pages/viewpage.action?pageId=" + url.QueryEscape(id)
}
