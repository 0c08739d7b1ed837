// Package pages answers the browser: each handler reads its input, asks a service, and turns the answer into the view
// model of a screen (web/views). It decides what is shown and in which words; how it looks is the views' business, and
// who may see a route is decided by package session. Faults are returned as errors, which the server words and sends
// back through RenderError.
package pages

import (
	"errors"
	"log/slog"
	"time"

	"github.com/sluicehq/sluice/internal/markdown"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/web"
)

// Options are the parts that pages are made from. All but Instance, System and Now are needed.
type Options struct {
	Sessions *session.Manager
	Accounts Accounts
	Sources  Sources
	Search   Searcher
	Assets   *web.Assets
	Sealer   Sealer
	// Instance keeps the settings of the whole instance and the search analytics; nil leaves their page out.
	Instance Instance
	// System knows the state of the database, queue and embedder; nil leaves that page out.
	System System
	// Notices are the parts of the program that restrict what pages offer.
	Demo bool
	// SignInNote is shown on the sign-in page: the account of the demonstration.
	SignInNote string
	BaseURL    string // public address, for one-time links; empty: as the browser sees it
	Log        *slog.Logger
	Now        func() time.Time // nil: time.Now
}

// Pages are the handlers of all pages. It is safe for concurrent use.
type Pages struct {
	Options
	markdown  *markdown.Renderer
	directory directory
}

// New returns the pages; it fails when a part is missing.
func New(o Options) (*Pages, error) {
	if o.Sessions == nil || o.Accounts == nil || o.Sources == nil || o.Search == nil || o.Assets == nil || o.Sealer == nil || o.Log == nil {
		return nil, errors.New("pages: a part is missing from the options")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Pages{Options: o, markdown: markdown.New()}, nil
}

// Register mounts the pages: the map of the site.
func (p *Pages) Register(r session.Routes) {
	r.Anyone.GET(session.SignInPath, p.showSignIn)
	r.Anyone.POST(session.SignInPath, p.signIn)
	r.Anyone.POST("/sign-out", p.signOut)
	r.Anyone.GET(session.SetUpPath, p.showSetUp)
	r.Anyone.POST(session.SetUpPath, p.setUp)
	r.Anyone.GET("/invitation/:secret", p.showLink)
	r.Anyone.POST("/invitation/:secret", p.redeemLink)
	r.Anyone.GET("/reset-password/:secret", p.showLink)
	r.Anyone.POST("/reset-password/:secret", p.redeemLink)
	r.Anyone.POST("/theme", p.changeTheme)

	r.Search.GET("/", p.showSearch)
	r.Search.GET("/suggest", p.suggest)
	r.Search.GET("/pages/:source/:page", p.showPage)
	r.Search.GET("/pages/:source/:page/markdown", p.pageMarkdown)

	r.Admin.GET("/sources", p.showSources)
	r.Admin.GET("/sources/live", p.sourcesLive)
	r.Admin.POST("/sources/bulk", p.bulk)
	r.Admin.GET("/sources/new", p.showAdd)
	r.Admin.POST("/sources/new", p.add)
	r.Admin.GET("/sources/:source", p.showSource)
	r.Admin.GET("/sources/:source/live", p.sourceLive)
	r.Admin.GET("/sources/:source/pages", p.showTree)
	r.Admin.GET("/sources/:source/runs", p.showRuns)
	r.Admin.GET("/sources/:source/failures", p.showFailures)
	r.Admin.GET("/sources/:source/removals", p.showRemovals)
	r.Admin.POST("/sources/:source/removals", p.decideRemovals)
	r.Admin.GET("/sources/:source/settings", p.showSourceSettings)
	r.Admin.POST("/sources/:source/settings", p.changeSource)
	r.Admin.POST("/sources/:source/delete", p.deleteSource)
	r.Admin.POST("/sources/:source/:action", p.act)
	r.Admin.GET("/runs/:run", p.showRun)
	r.Admin.GET("/runs/:run/live", p.runLive)
	r.Admin.GET("/runs/:run/errors", p.showRunErrors)

	p.registerSettings(r)
}
