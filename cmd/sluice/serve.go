package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicehq/sluice/internal/app"
	"github.com/sluicehq/sluice/internal/config"
	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/demo"
)

func (p *program) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Run the web application, the API, the MCP endpoint and the scheduler", Args: noArgs,
		Long: "Runs everything in one process until it is interrupted. Without --database-url it also runs a private PostgreSQL\n" +
			"under the data directory.",
		Example: "  sluice serve\n  sluice serve --listen 0.0.0.0:8080 --base-url https://search.example.com\n  sluice serve --role worker",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.settings(cmd, nil)
			if err != nil {
				return usageError{err}
			}
			return p.serve(cmd.Context(), cfg, app.Options{Works: cfg.Works()}, nil)
		},
	}
}

// serve listens first, so that an address that is taken is told at once. ready is called when requests are answered.
func (p *program) serve(ctx context.Context, cfg config.Config, o app.Options, ready func(ctx context.Context, a *app.App) error) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen at %s: %w; another program may be using it: choose one with --listen", cfg.Listen, err)
	}
	return p.with(ctx, cfg, o, func(_ context.Context, a *app.App) error {
		defer listener.Close()
		if ready != nil {
			if err := ready(ctx, a); err != nil {
				return err
			}
		}
		return a.Run(ctx, listener, func(url string) {
			a.Log.InfoContext(ctx, "serving", "address", url, "role", cfg.Role, "version", build().Version, "settings", cfg)
			fmt.Fprintf(p.stdout, "Sluice is at %s\n", url)
		})
	})
}

// editEvery is how often somebody edits the demonstration.
const editEvery = time.Minute

func (p *program) demoCommand() *cobra.Command {
	var corpus string
	var spaces []string
	cmd := &cobra.Command{
		Use: "demo", Short: "Run everything with a built-in demonstration Confluence, no credentials needed", Args: noArgs,
		Long: "Runs the same as serve, over a made-up company's Confluence that runs in this process, is connected already and is\n" +
			"edited by itself every minute. It has a data directory of its own; deleting that leaves nothing behind.",
		Example: "  sluice demo\n  sluice demo --listen 127.0.0.1:0\n  sluice demo --corpus ~/corpus --spaces OBS,PLAT",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.settings(cmd, map[string]string{"SLUICE_DATA_DIR": demoDir()})
			if err != nil {
				return usageError{err}
			}
			if cfg, err = app.PrepareDemo(cfg); err != nil {
				return err
			}
			return p.demo(cmd.Context(), cfg, corpus, spaces)
		},
	}
	cmd.Flags().StringVar(&corpus, "corpus", "", "load this folder of pages (spaces.json, users.json, pages-KEY.jsonl.gz) instead of the built-in ones")
	cmd.Flags().StringSliceVar(&spaces, "spaces", nil, "connect only these spaces")
	return cmd
}

// demoDir is a folder of its own, beside no real data.
func demoDir() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return filepath.Join("data", "demo")
	}
	return filepath.Join(cache, "sluice-demo")
}

func (p *program) demo(ctx context.Context, cfg config.Config, corpus string, wanted []string) error {
	site, edit, err := demoSite(corpus, wanted)
	if err != nil {
		return err
	}
	// The site goes last: a run that is handed back at the end must not find it away.
	reachable, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	address, err := site.Serve(reachable)
	if err != nil {
		return err
	}
	spaces := slices.DeleteFunc(wanted, func(key string) bool { return key == confluencetest.CorpusMini })
	options := app.Options{Demo: true, Works: true}
	if cfg.AdminEmail == app.DemoEmail {
		options.SignInNote = fmt.Sprintf("Demonstration: sign in as %s with the password %s", cfg.AdminEmail, cfg.AdminPassword)
	}
	return p.serve(ctx, cfg, options, func(ctx context.Context, a *app.App) error {
		connected, err := a.ConnectDemo(ctx, address, spaces)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "Demonstration: %d spaces of the Confluence in this process (%s) are being synced.\n", connected, address)
		if cfg.AdminEmail == app.DemoEmail {
			fmt.Fprintf(p.stdout, "Sign in as %s with the password %s\n", cfg.AdminEmail, cfg.AdminPassword)
		}
		if edit != nil {
			a.Background = append(a.Background, func(ctx context.Context) error { return a.MoveDemo(ctx, editEvery, edit) })
		}
		return nil
	})
}

// demoSite returns the built-in site and what edits it, or one with the pages of a folder, which nobody edits.
func demoSite(corpus string, spaces []string) (*confluencetest.Site, func() (string, error), error) {
	if corpus == "" {
		d, err := demo.New(nil)
		if err != nil {
			return nil, nil, err
		}
		next := 0
		return d.Site, func() (string, error) {
			what, err := d.Step(next)
			next++
			return what, err
		}, nil
	}
	site, err := demo.NewFromCorpus(nil, corpus, spaces...)
	return site, nil, err
}
