package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sluicehq/sluice/internal/app"
	"github.com/sluicehq/sluice/internal/server/api"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

func (p *program) sourceCommand() *cobra.Command {
	return group("source", "Add, list and remove the spaces that are synced", p.sourceAdd(), p.sourceList(), p.sourceRemove())
}

func (p *program) sourceAdd() *cobra.Command {
	var n sources.NewSource
	var deployment, strategy, restricted string
	var asJSON, noSync bool
	cmd := &cobra.Command{
		Use: "add", Short: "Add a Confluence space", Args: noArgs,
		Long: "Asks the site first; nothing is stored where it refuses. The API token is read from SLUICE_API_TOKEN or from the\n" +
			"input, so that it stands in no process list.",
		Example: "  sluice source add --base-url https://example.atlassian.net --email me@example.com --space-key OPS < token.txt\n" +
			"  sluice source add --base-url https://wiki.example.com --deployment datacenter --space-key OPS\n" +
			"  sluice source add --connection conn_abc --space-key PLAT",
		RunE: func(cmd *cobra.Command, _ []string) error {
			n.Deployment, n.DeletionCheckStrategy, n.RestrictedPages = wiki.Deployment(deployment), sources.DeletionStrategy(strategy), sources.RestrictedPages(restricted)
			now := !noSync
			n.SyncNow = &now
			if n.ConnectionID == "" {
				if n.APIToken == "" {
					n.APIToken = p.getenv("SLUICE_API_TOKEN")
				}
				if n.APIToken == "" {
					var err error
					if n.APIToken, err = p.readSecret("API token: "); err != nil {
						return err
					}
				}
			}
			return p.withApp(cmd, app.Options{}, func(ctx context.Context, a *app.App) error {
				source, err := a.Sources.Create(ctx, n)
				if err != nil {
					return err
				}
				if asJSON {
					return p.printJSON(source)
				}
				fmt.Fprintln(p.stdout, source.ID)
				return nil
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&n.BaseURL, "base-url", "", "the site's address")
	flags.StringVar(&deployment, "deployment", string(wiki.Cloud), "cloud or datacenter")
	flags.StringVar(&n.Email, "email", "", "the account that the token belongs to (cloud)")
	flags.StringVar(&n.ConnectionID, "connection", "", "use a connection that is there already, instead of address and token")
	flags.StringVar(&n.APIToken, "api-token", "", "the token; others on this machine may see it here, so the input or SLUICE_API_TOKEN is better")
	flags.StringVar(&n.SpaceKey, "space-key", "", "the space's key")
	flags.StringVar(&n.Name, "name", "", "how to call it; empty: the space's name")
	flags.IntVar(&n.SyncFrequencyHours, "sync-frequency-hours", 24, "hours between syncs")
	flags.StringVar(&strategy, "deletion-check-strategy", string(sources.WeeklyReconciliation), "weekly_reconciliation, every_sync or on_demand")
	flags.StringVar(&restricted, "restricted-pages", string(sources.Skip), "skip or include")
	flags.BoolVar(&noSync, "no-sync", false, "do not start the first sync")
	flags.BoolVar(&asJSON, "json", false, "print the source as JSON")
	return cmd
}

func (p *program) sourceList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the sources", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd, app.Options{}, func(ctx context.Context, a *app.App) error {
				all, err := a.Sources.List(ctx)
				if err != nil {
					return err
				}
				if asJSON {
					list := struct {
						Sources []sources.Source `json:"sources"`
					}{all}
					api.FillLists(&list)
					return p.printJSON(list)
				}
				w := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
				fmt.Fprintln(w, "ID\tNAME\tSTATE\tPAGES\tCHUNKS\tCURRENT TO\tSITE")
				for _, s := range all {
					current := "never synced"
					if s.LastSyncTimestamp != nil {
						current = s.LastSyncTimestamp.UTC().Format("2006-01-02 15:04:05Z")
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n", s.ID, clean(s.Name), s.State, s.TotalPages, s.TotalChunks, current, s.BaseURL)
				}
				return w.Flush()
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (p *program) sourceRemove() *cobra.Command {
	return &cobra.Command{
		Use: "remove SOURCE", Short: "Delete a source with all of its pages and chunks", Args: exactly("SOURCE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd, app.Options{}, func(ctx context.Context, a *app.App) error {
				return a.Sources.Delete(ctx, args[0])
			})
		},
	}
}
