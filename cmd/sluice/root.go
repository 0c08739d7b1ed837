package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/sluicehq/sluice/internal/app"
	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/config"
)

// root is the command line as a whole.
func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "sluice",
		Short: "Search for Confluence: syncs spaces into PostgreSQL and finds pages by words and meaning",
		Long: "Sluice syncs Confluence spaces into PostgreSQL and makes them searchable: in the browser, by API, by MCP, and here.\n\n" +
			"Every command works whether or not a server is running on the same data directory or database.\n" +
			"Settings are flags, environment variables (--data-dir is SLUICE_DATA_DIR) or keys of a YAML file (--config FILE).",
		Example:      "  sluice demo\n  sluice serve --listen 0.0.0.0:8080 --base-url https://search.example.com\n  sluice search \"scrape interval\" --space OBS",
		SilenceUsage: true, SilenceErrors: true, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddGroup(&cobra.Group{ID: "serve", Title: "Serving"}, &cobra.Group{ID: "use", Title: "Using"},
		&cobra.Group{ID: "admin", Title: "Administering"}, &cobra.Group{ID: "operate", Title: "Operating"})
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("serve", p.serveCommand(), p.demoCommand(), p.mcpCommand())
	add("use", p.searchCommand(), p.syncCommand(), p.convertCommand(), p.embedCommand())
	add("admin", p.sourceCommand(), p.reprocessCommand(), p.userCommand(), p.tokenCommand())
	add("operate", p.doctorCommand(), p.migrateCommand(), p.backupCommand(), p.restoreCommand(), p.secretCommand(), p.configCommand(), p.postgresScriptCommand(), p.versionCommand())
	p.addSettings(root)
	return root
}

// addSettings gives every command every setting as a flag. Only the commands that serve list all of them in their help.
func (p *program) addSettings(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.String("config", "", "YAML file with settings (also SLUICE_CONFIG)")
	for _, s := range config.Settings() {
		help := s.Help + " (" + s.Env() + ")"
		flags.String(s.Name, s.Default, help)
		if s.Default == "false" {
			flags.Lookup(s.Name).NoOptDefVal = "true"
		}
	}
	usual := root.UsageFunc()
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		if listsSettings(cmd) {
			return usual(cmd)
		}
		hidden := hide(flags)
		err := usual(cmd)
		for _, f := range hidden {
			f.Hidden = false
		}
		fmt.Fprintln(cmd.OutOrStderr(), "\nAll settings are flags too; \"sluice serve --help\" lists them.")
		return err
	})
}

func listsSettings(cmd *cobra.Command) bool { return cmd.Name() == "serve" || cmd.Name() == "demo" }

// hide hides all settings but those that every command needs, and returns them.
func hide(flags *pflag.FlagSet) []*pflag.Flag {
	var hidden []*pflag.Flag
	flags.VisitAll(func(f *pflag.Flag) {
		switch f.Name {
		case "config", "data-dir", "database-url", "help":
		default:
			if !f.Hidden {
				f.Hidden = true
				hidden = append(hidden, f)
			}
		}
	})
	return hidden
}

// settings reads the settings. defaults are values that this command prefers where nobody said anything.
func (p *program) settings(cmd *cobra.Command, defaults map[string]string) (config.Config, error) {
	given := map[string]string{}
	flags := cmd.Root().PersistentFlags() // not the command's: some have a flag of their own with a setting's name
	for _, s := range config.Settings() {
		if f := flags.Lookup(s.Name); f != nil && f.Changed {
			given[s.Name] = f.Value.String()
		}
	}
	file, err := flags.GetString("config")
	if err != nil {
		return config.Config{}, err
	}
	getenv := func(name string) string {
		if v := p.getenv(name); v != "" {
			return v
		}
		return defaults[name]
	}
	return config.Load(config.Source{Flags: given, Getenv: getenv, File: file})
}

// logger writes to stderr, as text on a terminal and as JSON elsewhere, unless the settings say how.
func (p *program) logger(cfg config.Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	if cfg.LogFormat == "text" || cfg.LogFormat == "" && isTerminal(p.stderr) {
		return slog.New(slog.NewTextHandler(p.stderr, options))
	}
	return slog.New(slog.NewJSONHandler(p.stderr, options))
}

// withApp runs do with the parts of the program, as the operator. Such commands log warnings only.
func (p *program) withApp(cmd *cobra.Command, o app.Options, do func(ctx context.Context, a *app.App) error) (err error) {
	cfg, err := p.settings(cmd, map[string]string{"SLUICE_LOG_LEVEL": "warn", "SLUICE_LOG_FORMAT": "text"})
	if err != nil {
		return usageError{err}
	}
	return p.with(cmd.Context(), cfg, o, do)
}

func (p *program) with(ctx context.Context, cfg config.Config, o app.Options, do func(ctx context.Context, a *app.App) error) (err error) {
	o.Build = build()
	a, err := app.New(ctx, cfg, p.logger(cfg), o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close(ctx)) }()
	return do(auth.WithIdentity(ctx, auth.Operator()), a)
}

func (p *program) printJSON(v any) error {
	out := json.NewEncoder(p.stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		if cmd.Root() == cmd {
			return usageError{fmt.Errorf("unknown command %q; \"sluice --help\" lists the commands", args[0])}
		}
		return usageError{fmt.Errorf("%q takes no argument %q", cmd.CommandPath(), args[0])}
	}
	return nil
}

// exactly says what is missing in words, not numbers.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usageError{fmt.Errorf("%s is missing; usage: %s", names[len(args)], cmd.UseLine())}
		case len(args) > len(names):
			return usageError{fmt.Errorf("%q is one argument too many; usage: %s", args[len(names)], cmd.UseLine())}
		}
		return nil
	}
}

// group is a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(commands...)
	return cmd
}

// readSecret reads a secret: from a terminal without showing it, otherwise the first line of the input.
func (p *program) readSecret(prompt string) (string, error) {
	if f, ok := p.stdin.(*os.File); ok && isTerminal(f) {
		fmt.Fprint(p.stderr, prompt)
		secret, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(p.stderr)
		return string(secret), err
	}
	const most = 64 << 10
	text, err := io.ReadAll(io.LimitReader(p.stdin, most))
	if err != nil {
		return "", fmt.Errorf("read from the input: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimRight(line, "\r"), nil
}
