package app

import (
	"github.com/alexedwards/scs/pgxstore"

	"github.com/sluicehq/sluice/internal/idempotency"
	"github.com/sluicehq/sluice/internal/server"
	"github.com/sluicehq/sluice/internal/server/api"
	"github.com/sluicehq/sluice/internal/server/mcp"
	"github.com/sluicehq/sluice/internal/server/pages"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/web"
)

// addWeb adds pages, API and MCP.
func (a *App) addWeb(o *server.Options) error {
	assets, err := web.NewAssets()
	if err != nil {
		return err
	}
	o.Assets = assets
	o.Keys = idempotency.New(a.accounts, a.Keyring, a.Log)
	o.Sessions = session.New(session.Options{
		Accounts: a.Accounts, Secure: isHTTPS(a.Config.BaseURL), PublicSearch: a.Config.PublicSearch, Log: a.Log,
		// Without a clean-up of its own: the accounts' sweep deletes what has expired.
		Store: pgxstore.NewWithCleanupInterval(a.DB.Pool, 0),
	})
	o.Pages = &pages.Options{
		Sessions: o.Sessions, Accounts: a.Accounts, Sources: a.Sources, Search: a.Searcher, Assets: assets, Sealer: a.Keyring,
		Instance: a.Instance, System: a.System, Demo: a.Options.Demo, SignInNote: a.Options.SignInNote, BaseURL: a.Config.BaseURL, Log: a.Log,
	}
	o.API = &api.Options{
		Sources: a.Sources, Searcher: a.Searcher, Accounts: a.Accounts, Instance: a.Instance, Version: a.Options.Build.Version,
		BaseURL: a.Config.BaseURL, PublicSearch: a.Config.PublicSearch, Log: a.Log,
	}
	o.MCP = mcp.Handler(a.MCP())
	return nil
}

// MCP is what the MCP server is made of, for whichever transport.
func (a *App) MCP() mcp.Options {
	return mcp.Options{
		Searcher: a.Searcher, Sources: a.Sources, Statistics: a.Instance, Version: a.Options.Build.Version, Log: a.Log,
	}
}

func isHTTPS(url string) bool { return len(url) > 8 && url[:8] == "https://" }
