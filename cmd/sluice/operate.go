package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sluicehq/sluice/internal/app"
	"github.com/sluicehq/sluice/internal/backup"
	"github.com/sluicehq/sluice/internal/config"
	"github.com/sluicehq/sluice/internal/pgserver"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/server/pages"
)

// withDatabase runs do with the address of the database and the folder of its programs (empty: those in PATH), without
// migrating it.
func (p *program) withDatabase(cmd *cobra.Command, do func(ctx context.Context, cfg config.Config, o backup.Options) error) (err error) {
	cfg, err := p.settings(cmd, map[string]string{"SLUICE_LOG_LEVEL": "warn", "SLUICE_LOG_FORMAT": "text"})
	if err != nil {
		return usageError{err}
	}
	ctx := cmd.Context()
	o := backup.Options{DSN: cfg.DatabaseURL, BinDir: cfg.PGBinDir, Program: build().Version}
	if o.DSN == "" {
		cluster, err := pgserver.Open(ctx, pgserver.Options{DataDir: cfg.DataDir, BinDir: cfg.PGBinDir, Logger: p.logger(cfg)})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, cluster.Close(context.WithoutCancel(ctx))) }()
		o.DSN, o.BinDir = cluster.DSN(), cluster.BinDir()
	}
	return do(ctx, cfg, o)
}

func (p *program) migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the database's schema up to date", Args: noArgs,
		Long: "The server does so itself when it starts; this is for those who want it done before. It is safe while servers run.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withDatabase(cmd, func(ctx context.Context, cfg config.Config, o backup.Options) error {
				n, err := postgres.Migrate(ctx, o.DSN, p.logger(cfg))
				if err != nil {
					return err
				}
				if n == 0 {
					fmt.Fprintln(p.stdout, "The schema is up to date.")
					return nil
				}
				fmt.Fprintf(p.stdout, "%d migrations applied.\n", n)
				return nil
			})
		},
	}
}

func (p *program) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Write everything but the secret key into a file", Args: exactly("FILE"),
		Long: "The server may run meanwhile: the backup is the state at one instant. The secret key, without which stored\n" +
			"credentials cannot be read, is not in it: keep a copy of secret.key in the data directory elsewhere.",
		Example: "  sluice backup sluice-$(date +%F).backup",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withDatabase(cmd, func(ctx context.Context, _ config.Config, o backup.Options) error {
				m, err := backup.WriteFile(ctx, o, args[0])
				if err != nil {
					return err
				}
				fmt.Fprintf(p.stdout, "%s: %d rows in %d tables. The secret key is not in it; keep a copy of it elsewhere.\n", args[0], m.Rows(), len(m.Tables))
				return nil
			})
		},
	}
}

func (p *program) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use: "restore FILE", Short: "Read a backup into an empty data directory or database", Args: exactly("FILE"),
		Long: "Refuses a database that holds something. Put the installation's secret.key into the data directory as well, or\n" +
			"enter the credentials of the connections again afterwards.",
		Example: "  sluice restore sluice-2026-01-31.backup --data-dir /srv/sluice",
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := os.Stat(args[0]); err != nil {
				return fmt.Errorf("restore: %w", err)
			}
			return p.withDatabase(cmd, func(ctx context.Context, cfg config.Config, o backup.Options) error {
				m, err := backup.RestoreFile(ctx, o, args[0])
				if err != nil {
					return err
				}
				if _, err := postgres.Migrate(ctx, o.DSN, p.logger(cfg)); err != nil {
					return err
				}
				fmt.Fprintf(p.stdout, "%d rows restored from the backup of %s.\n", m.Rows(), m.CreatedAt.UTC().Format("2006-01-02 15:04 UTC"))
				if _, err := os.Stat(filepath.Join(cfg.DataDir, "secret.key")); err != nil && cfg.SecretKey == "" {
					fmt.Fprintln(p.stderr, "The secret key is missing: copy secret.key into the data directory before you start the server.")
				}
				return nil
			})
		},
	}
}

func (p *program) doctorCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "doctor", Short: "Check database, extension, embedder, disk and connections, and say what to do", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			checks, err := p.examine(cmd)
			if err != nil {
				return err
			}
			if asJSON {
				if err := p.printJSON(map[string]any{"checks": jsonChecks(checks)}); err != nil {
					return err
				}
			}
			ill := 0
			for _, c := range checks {
				word := "ok  "
				if !c.OK {
					word = "FAIL"
					ill++
				}
				if asJSON {
					continue
				}
				fmt.Fprintf(p.stdout, "%s  %s: %s\n", word, c.Name, oneLine(c.Detail))
				if c.Advice != "" && !c.OK {
					fmt.Fprintf(p.stdout, "      %s\n", c.Advice)
				}
			}
			if ill > 0 {
				return fmt.Errorf("%d of %d checks failed", ill, len(checks))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// examine looks at everything. That the database cannot be opened is a finding as well.
func (p *program) examine(cmd *cobra.Command) ([]pages.Check, error) {
	cfg, err := p.settings(cmd, map[string]string{"SLUICE_LOG_LEVEL": "error", "SLUICE_LOG_FORMAT": "text"})
	if err != nil {
		return []pages.Check{{Name: "Settings", Detail: err.Error(), Advice: "Correct the setting; \"sluice serve --help\" lists what is allowed."}}, nil //nolint:nilerr // it is a finding
	}
	checks := []pages.Check{{Name: "Settings", Detail: "complete", OK: true}}
	opened := false
	err = p.with(cmd.Context(), cfg, app.Options{}, func(ctx context.Context, a *app.App) error {
		opened = true
		for _, c := range mustList(a.Sources.Connections(ctx)) { // ask each site now, so that what is told is of now
			_, _ = a.Sources.TestConnection(ctx, c.ID) // its finding is stored with the connection
		}
		health, err := a.System.Health(ctx)
		checks = append(checks, health.Checks...)
		return err
	})
	if err != nil && !opened {
		return append(checks, pages.Check{Name: "Database", Detail: err.Error(), Advice: "Nothing works without it; correct this first."}), nil
	}
	return checks, err
}

// mustList drops an error that the next question to the same database will tell.
func mustList[T any](list []T, _ error) []T { return list }

type jsonCheck struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Advice string `json:"advice,omitempty"`
}

func jsonChecks(checks []pages.Check) []jsonCheck {
	list := make([]jsonCheck, len(checks))
	for i, c := range checks {
		list[i] = jsonCheck{Name: c.Name, OK: c.OK, Detail: c.Detail, Advice: c.Advice}
	}
	return list
}

func (p *program) secretCommand() *cobra.Command {
	rotate := &cobra.Command{
		Use: "rotate", Short: "Make a new secret key and seal the stored credentials with it", Args: noArgs,
		Long: "Running servers follow by themselves. Where the key is a setting (SLUICE_SECRET_KEY), put the new one in front of the\n" +
			"old one there, separated by a comma, run this, and then remove the old one.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd, app.Options{}, func(ctx context.Context, a *app.App) error {
				n, err := a.RotateKey(ctx)
				if err != nil {
					return err
				}
				fmt.Fprintf(p.stdout, "The credentials of %d connections are sealed with the new key.\n", n)
				return nil
			})
		},
	}
	return group("secret", "Administer the key that encrypts stored credentials", rotate)
}

func (p *program) configCommand() *cobra.Command {
	show := &cobra.Command{
		Use: "print", Short: "Print the settings in effect, secrets masked", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.settings(cmd, nil)
			if err != nil {
				return usageError{err}
			}
			for _, v := range config.Values(cfg) {
				fmt.Fprintf(p.stdout, "%s=%s\n", v.Name, v.Value)
			}
			return nil
		},
	}
	return group("config", "Show the settings", show)
}
