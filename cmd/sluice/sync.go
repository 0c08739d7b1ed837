package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/sluicehq/sluice/internal/app"
	"github.com/sluicehq/sluice/internal/sources"
)

type syncFlags struct{ wait, reconcile, full, json bool }

func (p *program) syncCommand() *cobra.Command {
	var f syncFlags
	cmd := &cobra.Command{
		Use: "sync SOURCE", Short: "Start a sync of a source", Args: exactly("SOURCE"),
		Long: "Queues a sync run, which a running server carries out. With --wait it shows the progress and exits 0 only if the run\n" +
			"succeeded; where no server takes the run, this command carries it out itself.",
		Example: "  sluice sync confluence_OPS\n  sluice sync confluence_OPS --wait\n  sluice sync confluence_OPS --wait --reconcile --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd, app.Options{Works: true}, func(ctx context.Context, a *app.App) error {
				started, err := a.Sources.Sync(ctx, args[0], sources.SyncRequest{Reconcile: f.reconcile, Full: f.full, Trigger: sources.TriggerCLI})
				if err != nil {
					return err
				}
				return p.follow(ctx, a, started, f)
			})
		},
	}
	cmd.Flags().BoolVar(&f.wait, "wait", false, "show the progress until the run has ended; fail if it fails")
	cmd.Flags().BoolVar(&f.reconcile, "reconcile", false, "compare the whole space: find deletions, moves and drift")
	cmd.Flags().BoolVar(&f.full, "full", false, "fetch and process every page again")
	cmd.Flags().BoolVar(&f.json, "json", false, "print the run as JSON")
	return cmd
}

func (p *program) reprocessCommand() *cobra.Command {
	var f syncFlags
	cmd := &cobra.Command{
		Use: "reprocess SOURCE", Short: "Convert and split all stored pages of a source again", Args: exactly("SOURCE"),
		Long:    "Makes every stored page again from its stored body, without asking Confluence. The pages stay searchable meanwhile.",
		Example: "  sluice reprocess confluence_OPS --wait",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd, app.Options{Works: true}, func(ctx context.Context, a *app.App) error {
				if err := a.Sources.Reprocess(ctx, args[0]); err != nil {
					return err
				}
				status, err := a.Sources.Status(ctx, args[0])
				if err != nil {
					return err
				}
				run := status.Run
				if run == nil { // it was quick
					run = status.LastRun
				}
				return p.follow(ctx, a, sources.Started{RunID: run.ID, State: run.State}, f)
			})
		},
	}
	cmd.Flags().BoolVar(&f.wait, "wait", false, "show the progress until the run has ended; fail if it fails")
	cmd.Flags().BoolVar(&f.json, "json", false, "print the run as JSON")
	return cmd
}

// How often a run is looked at, and how long a server has to take it.
const (
	pollEvery  = 250 * time.Millisecond
	takeWithin = 3 * time.Second
)

// follow tells of a run that was started: at once, or until it has ended.
func (p *program) follow(ctx context.Context, a *app.App, started sources.Started, f syncFlags) error {
	if started.Conflict && !f.json {
		fmt.Fprintf(p.stderr, "A run is %s already: %s.\n", started.State, started.RunID)
	}
	run, err := p.taken(ctx, a, started.RunID)
	if err != nil {
		return err
	}
	if !f.wait {
		return p.printStarted(run, f)
	}
	stop := func() error { return nil }
	if run.State == sources.RunQueued {
		stop = workAlone(ctx, a)
	}
	run, err = p.watch(ctx, a, started.RunID, f)
	if err == nil && run.State == sources.RunSucceeded {
		err = p.embedRest(ctx, a, run, f)
	}
	if err := errors.Join(err, stop()); err != nil {
		return err
	}
	return p.printEnd(run, f)
}

// taken waits a moment for a server to take the run.
func (p *program) taken(ctx context.Context, a *app.App, id string) (sources.Run, error) {
	for deadline := time.Now().Add(takeWithin); ; {
		run, err := a.Sources.Run(ctx, id)
		if err != nil || run.State != sources.RunQueued || time.Now().After(deadline) {
			return run, err
		}
		if err := pause(ctx, pollEvery); err != nil {
			return run, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// workAlone carries out runs and embeds in this process, until the returned function is called.
func workAlone(ctx context.Context, a *app.App) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- a.Work(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

// watch shows the progress of a run until it has ended.
func (p *program) watch(ctx context.Context, a *app.App, id string, f syncFlags) (sources.Run, error) {
	show := p.progress(f)
	for {
		run, err := a.Sources.Run(ctx, id)
		if err != nil {
			return run, err
		}
		show(run)
		switch run.State {
		case sources.RunSucceeded, sources.RunFailed, sources.RunCancelled:
			return run, nil
		case sources.RunQueued, sources.RunRunning:
		}
		if err := pause(ctx, pollEvery); err != nil {
			return run, err
		}
	}
}

// progress returns what shows a run's state: a bar on a terminal, a line for every tenth elsewhere, nothing with JSON.
func (p *program) progress(f syncFlags) func(sources.Run) {
	if f.json {
		return func(sources.Run) {}
	}
	if isTerminal(p.stdout) {
		bar := progressbar.NewOptions(1, progressbar.OptionSetWriter(p.stdout), progressbar.OptionFullWidth(),
			progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(false))
		return func(run sources.Run) {
			bar.ChangeMax(max(run.Total, 1))
			bar.Describe(fmt.Sprintf("%-12s %.30s", run.Phase, run.CurrentTitle))
			_ = bar.Set(run.Processed) // a terminal that cannot show it any more
			if ended(run) {
				_ = bar.Finish()
			}
		}
	}
	last := ""
	return func(run sources.Run) {
		tenth := 0
		if run.Total > 0 {
			tenth = 10 * run.Processed / run.Total
		}
		if line := fmt.Sprintf("%s %s %d", run.State, run.Phase, tenth); line != last && !ended(run) {
			last = line
			fmt.Fprintf(p.stdout, "%s: %s, %d of %d pages\n", run.State, run.Phase, run.Processed, run.Total)
		}
	}
}

func ended(run sources.Run) bool {
	return run.State != sources.RunQueued && run.State != sources.RunRunning
}

// embedRest waits for the vectors where this process is the one that makes them; words can be searched already.
func (p *program) embedRest(ctx context.Context, a *app.App, run sources.Run, f syncFlags) error {
	for last := -1; ; {
		source, err := a.Sources.Get(ctx, run.SourceID)
		if err != nil {
			return err
		}
		left := source.ChunksWithoutEmbedding
		stats := a.Backlog.Stats()
		if left == 0 || stats.Embedded == 0 && last == left || stats.Problem != "" {
			return nil
		}
		if left != last && !f.json && last == -1 {
			fmt.Fprintf(p.stdout, "embedding: %d chunks\n", left)
		}
		last = left
		if err := pause(ctx, 2*time.Second); err != nil {
			return err
		}
	}
}

func (p *program) printStarted(run sources.Run, f syncFlags) error {
	if f.json {
		return p.printJSON(run)
	}
	if run.State == sources.RunQueued {
		fmt.Fprintf(p.stdout, "Run %s of %s is queued. No server has taken it yet: it begins when \"sluice serve\" runs, or now with --wait.\n", run.ID, run.SourceID)
		return nil
	}
	fmt.Fprintf(p.stdout, "Run %s of %s is %s.\n", run.ID, run.SourceID, run.State)
	return nil
}

func (p *program) printEnd(run sources.Run, f syncFlags) error {
	if f.json {
		if err := p.printJSON(run); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(p.stdout, "%s in %.1f s: %d created, %d updated, %d unchanged, %d skipped, %d deleted, %d failed; %d chunks created, %d kept; %d API calls\n",
			run.State, run.DurationSeconds, run.PagesCreated, run.PagesUpdated, run.PagesUnchanged, run.PagesSkipped, run.PagesDeleted, run.PagesFailed,
			run.ChunksCreated, run.ChunksKept, run.APICalls)
		for _, e := range run.Errors {
			fmt.Fprintf(p.stderr, "page %s (%s): %s\n", e.PageID, e.Title, oneLine(e.Error))
		}
	}
	if run.State == sources.RunSucceeded {
		return nil
	}
	if run.Error != "" {
		return fmt.Errorf("run %s of %s: %s", run.ID, run.SourceID, run.Error)
	}
	return fmt.Errorf("run %s of %s was %s", run.ID, run.SourceID, run.State)
}
