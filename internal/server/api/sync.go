package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/sluicehq/sluice/internal/server/problem"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

type syncInput struct {
	SourceInput
	Body *struct {
		Reconcile bool `json:"reconcile,omitempty" doc:"Compare the whole space: find deletions and drift." example:"true"`
		Full      bool `json:"full,omitempty" doc:"Fetch and process every page again."`
	} `required:"false"`
}

type startedOutput struct{ Body sources.Started }

type stateOutput struct {
	Body struct {
		State sources.State `json:"state" doc:"The source's state now. A running sync takes a moment to stop."`
	}
}

type statusOutput struct{ Body sources.Status }

// SourceListInput pages through a list of a source.
type SourceListInput struct {
	SourceInput
	ListInput
}

type runsOutput struct {
	Body struct {
		Runs       []sources.Run `json:"runs"`
		NextCursor string        `json:"next_cursor"`
	}
}

// RunInput names a run of a source.
type RunInput struct {
	SourceInput
	RunID string `path:"run_id" doc:"The sync run."`
}

type runListInput struct {
	RunInput
	ListInput
}

type runOutput struct{ Body sources.Run }

type runErrorsOutput struct {
	Body struct {
		Errors     []sources.RunError `json:"errors"`
		NextCursor string             `json:"next_cursor"`
	}
}

type failuresOutput struct {
	Body struct {
		Failures   []sources.Failure `json:"failures"`
		NextCursor string            `json:"next_cursor"`
	}
}

type pendingOutput struct {
	Body struct {
		PendingDeletions []sources.PendingDeletion `json:"pending_deletions"`
		NextCursor       string                    `json:"next_cursor"`
	}
}

type decideInput struct {
	SourceInput
	Body struct {
		Action string `json:"action" enum:"confirm,dismiss" doc:"confirm deletes the pages, dismiss keeps them."`
	}
}

type decidedOutput struct {
	Body struct {
		Pages int `json:"pages" doc:"How many pages it was about."`
	}
}

func (a *API) addSync() {
	add(a, operation{
		id: "sync-source", method: http.MethodPost, path: "/api/confluence/{id}/sync", tag: "Sync", access: session.ForAdmin, status: http.StatusAccepted,
		summary: "Start a sync", description: "409, with the run_id and state of that run, where one is queued or running.",
	}, a.startSync)
	a.addAction("cancel", "Stop the running sync", func(ctx context.Context, id string) error { return a.options.Sources.Cancel(ctx, id) })
	a.addAction("pause", "Run no syncs until resumed", func(ctx context.Context, id string) error { return a.options.Sources.Pause(ctx, id) })
	a.addAction("resume", "Run syncs again", func(ctx context.Context, id string) error { return a.options.Sources.Resume(ctx, id) })
	a.addAction("reprocess", "Convert and split all stored pages again", func(ctx context.Context, id string) error { return a.options.Sources.Reprocess(ctx, id) })
	add(a, operation{
		id: "source-status", method: http.MethodGet, path: "/api/confluence/{id}/status", tag: "Sync", access: session.ForAdmin,
		summary: "What a source is doing", description: "`run` is the one that is queued or running, `last_run` the last that ended.",
	}, func(ctx context.Context, in *SourceInput) (*statusOutput, error) {
		status, err := a.options.Sources.Status(ctx, in.ID)
		return &statusOutput{Body: status}, err
	})
	a.addRuns()
	add(a, operation{
		id: "list-failures", method: http.MethodGet, path: "/api/confluence/{id}/failures", tag: "Sync", access: session.ForAdmin,
		summary: "List pages that could not be stored",
	}, func(ctx context.Context, in *SourceListInput) (*failuresOutput, error) {
		failures, next, err := a.options.Sources.Failures(ctx, in.ID, in.options())
		out := &failuresOutput{}
		out.Body.Failures, out.Body.NextCursor = failures, next
		return out, err
	})
	add(a, operation{
		id: "list-pending-deletions", method: http.MethodGet, path: "/api/confluence/{id}/pending-deletions", tag: "Sync", access: session.ForAdmin,
		summary: "List pages that the guard keeps", description: "Pages that the site no longer lists, too many to delete unasked.",
	}, func(ctx context.Context, in *SourceListInput) (*pendingOutput, error) {
		pending, next, err := a.options.Sources.PendingDeletions(ctx, in.ID, in.options())
		out := &pendingOutput{}
		out.Body.PendingDeletions, out.Body.NextCursor = pending, next
		return out, err
	})
	add(a, operation{
		id: "decide-pending-deletions", method: http.MethodPost, path: "/api/confluence/{id}/pending-deletions", tag: "Sync", access: session.ForAdmin,
		summary: "Delete or keep the pages that the guard keeps",
	}, func(ctx context.Context, in *decideInput) (*decidedOutput, error) {
		n, err := a.options.Sources.DecidePending(ctx, in.ID, in.Body.Action == "confirm")
		out := &decidedOutput{}
		out.Body.Pages = n
		return out, err
	})
}

func (a *API) addRuns() {
	add(a, operation{
		id: "list-runs", method: http.MethodGet, path: "/api/confluence/{id}/runs", tag: "Sync", access: session.ForAdmin,
		summary: "List sync runs, newest first",
	}, func(ctx context.Context, in *SourceListInput) (*runsOutput, error) {
		runs, next, err := a.options.Sources.Runs(ctx, in.ID, in.options())
		out := &runsOutput{}
		out.Body.Runs, out.Body.NextCursor = runs, next
		return out, err
	})
	add(a, operation{
		id: "get-run", method: http.MethodGet, path: "/api/confluence/{id}/runs/{run_id}", tag: "Sync", access: session.ForAdmin,
		summary: "Read a sync run",
	}, func(ctx context.Context, in *RunInput) (*runOutput, error) {
		run, err := a.runOf(ctx, in)
		return &runOutput{Body: run}, err
	})
	add(a, operation{
		id: "list-run-errors", method: http.MethodGet, path: "/api/confluence/{id}/runs/{run_id}/errors", tag: "Sync", access: session.ForAdmin,
		summary: "List the faults of pages in a sync run",
	}, func(ctx context.Context, in *runListInput) (*runErrorsOutput, error) {
		if _, err := a.runOf(ctx, &in.RunInput); err != nil {
			return nil, err
		}
		faults, next, err := a.options.Sources.RunErrors(ctx, in.RunID, in.options())
		out := &runErrorsOutput{}
		out.Body.Errors, out.Body.NextCursor = faults, next
		return out, err
	})
}

// runOf returns the run, if it is one of this source.
func (a *API) runOf(ctx context.Context, in *RunInput) (sources.Run, error) {
	run, err := a.options.Sources.Run(ctx, in.RunID)
	if err == nil && run.SourceID != in.ID {
		return sources.Run{}, fmt.Errorf("run %s is not of source %s: %w", in.RunID, in.ID, wiki.ErrNotFound)
	}
	return run, err
}

func (a *API) startSync(ctx context.Context, in *syncInput) (*startedOutput, error) {
	request := sources.SyncRequest{Trigger: sources.TriggerAPI}
	if in.Body != nil {
		request.Reconcile, request.Full = in.Body.Reconcile, in.Body.Full
	}
	started, err := a.options.Sources.Sync(ctx, in.ID, request)
	if err != nil {
		return nil, err
	}
	if started.Conflict {
		p := problem.New(http.StatusConflict, "A sync of this source is already "+string(started.State)+".")
		p.RunID, p.State = started.RunID, string(started.State)
		return nil, p
	}
	return &startedOutput{Body: started}, nil
}

// addAction registers a POST that asks for something and answers 202 with the source's state.
func (a *API) addAction(name, summary string, do func(ctx context.Context, id string) error) {
	add(a, operation{
		id: name + "-source", method: http.MethodPost, path: "/api/confluence/{id}/" + name, tag: "Sync", access: session.ForAdmin,
		status: http.StatusAccepted, summary: summary,
	}, func(ctx context.Context, in *SourceInput) (*stateOutput, error) {
		if err := do(ctx, in.ID); err != nil {
			return nil, err
		}
		status, err := a.options.Sources.Status(ctx, in.ID)
		out := &stateOutput{}
		out.Body.State = status.State
		return out, err
	})
}
