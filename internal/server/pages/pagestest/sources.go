package pagestest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// The address and credentials that the fake site accepts.
const (
	SiteURL   = "https://example.atlassian.net"
	SiteEmail = "bot@example.org"
	SiteToken = "good-token"
)

// Sources is a fake of the sources service: one source syncs, one failed, one is paused, one waits.
type Sources struct {
	mu      sync.Mutex // guards all below
	list    []sources.Source
	run     sources.Run
	created []sources.NewSource
	calls   []string // "sync confluence_OPS", …
	broken  error    // answers List
}

// NewSources returns the fake with its data.
func NewSources() *Sources {
	source := func(key, name string, state sources.State, pages, chunks, missing, failed, pending int) sources.Source {
		return sources.Source{
			ID: "confluence_" + key, Kind: "confluence", Name: name, ConnectionID: "c1", BaseURL: SiteURL, SpaceKey: key, SpaceURL: SiteURL + "/wiki/spaces/" + key,
			State: state, SyncFrequencyHours: 24, DeletionCheckStrategy: sources.WeeklyReconciliation, RestrictedPages: sources.Skip, TextLanguage: "english",
			GuardPercent: 20, GuardMinimum: 10, LastSyncTimestamp: new(ago(3 * time.Hour)), NextSyncAt: new(ago(-21 * time.Hour)), TotalPages: pages, TotalChunks: chunks,
			ChunksWithoutEmbedding: missing, FailedPages: failed, PendingDeletions: pending, CreatedAt: ago(60 * 24 * time.Hour), UpdatedAt: ago(time.Hour),
		}
	}
	paused := source("PLAT", "Platform Engineering Handbook", sources.StatePaused, 248, 3120, 0, 0, 0)
	fresh := source("NEW", "Data Platform", sources.StateQueued, 0, 0, 0, 0, 0)
	fresh.LastSyncTimestamp, fresh.NextSyncAt = nil, nil
	dc := source("~ada", "Ada Lovelace's personal space", sources.StateFailed, 17, 88, 0, 0, 0)
	dc.ConnectionID, dc.BaseURL, dc.ID = "c2", "https://wiki.intern.example.org/confluence", "confluence_ada"
	return &Sources{
		list: []sources.Source{
			source("OBS", "Observability", sources.StateRunning, 661, 8214, 1890, 2, 0),
			source("OPS", "Operations", sources.StateIdle, 412, 5120, 0, 0, 31), paused, fresh, dc,
		},
		run: sources.Run{
			ID: "run-100", SourceID: "confluence_OBS", Trigger: sources.TriggerManual, State: sources.RunRunning, Phase: sources.PhaseSyncing, Progress: 0.42, Total: 661, Processed: 278,
			PagesListed: 661, PagesCreated: 190, PagesUpdated: 22, PagesUnchanged: 64, PagesFailed: 2, ChunksCreated: 2304, ChunksKept: 611, APICalls: 41, APIRetries: 3, APIErrors: 1, BytesReceived: 7_400_000,
			CurrentTitle: "Dropping high-cardinality labels before they reach the store, with examples", PhaseSeconds: map[sources.Phase]float64{sources.PhaseDiscovering: 1.9, sources.PhaseSyncing: 38},
			QueuedAt: ago(45 * time.Second), StartedAt: new(ago(41 * time.Second)), DurationSeconds: 41, ETASeconds: new(74),
			Errors: []sources.RunError{
				{PageID: "900001", Title: "Imported: legacy runbook", Error: "the storage format is not well formed: unexpected end of element <ac:structured-macro> at line 812", At: ago(20 * time.Second)},
				{PageID: "900002", Title: "Attachments dump <b>2019</b>", Error: "confluence answered 500 three times", At: ago(10 * time.Second)},
			},
		},
	}
}

// SetRun changes the run that goes on, through change.
func (s *Sources) SetRun(change func(run *sources.Run)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.run)
}

// SetState changes the state of a source.
func (s *Sources) SetState(id string, state sources.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.list {
		if s.list[i].ID == id {
			s.list[i].State = state
		}
	}
}

// Multiply makes the list n sources long.
func (s *Sources) Multiply(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.list); i < n; i++ {
		next := s.list[1]
		next.ID, next.SpaceKey, next.Name = fmt.Sprintf("confluence_S%d", i), fmt.Sprintf("S%d", i), fmt.Sprintf("Space %d", i)
		s.list = append(s.list, next)
	}
}

// Break makes every list fail with err; nil repairs it.
func (s *Sources) Break(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = err
}

// Calls are the actions so far, such as "sync confluence_OPS".
func (s *Sources) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Created are the sources that were asked for.
func (s *Sources) Created() []sources.NewSource {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.created)
}

func (s *Sources) called(what, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, what+" "+id)
	return nil
}

// Test implements pages.Sources.
func (s *Sources) Test(_ context.Context, c sources.Credentials) (sources.TestResult, error) {
	if !strings.HasPrefix(c.BaseURL, "https://") {
		return sources.TestResult{}, wiki.Invalid("base_url", "must start with https://")
	}
	if c.BaseURL != SiteURL {
		return sources.TestResult{}, fmt.Errorf("nothing that speaks Confluence's API answers at %s: %w", c.BaseURL, wiki.ErrAddress)
	}
	if c.APIToken != SiteToken {
		return sources.TestResult{}, fmt.Errorf("the site refuses this e-mail and token: %w", wiki.ErrCredentials)
	}
	return s.TestConnection(context.Background(), "c1")
}

// TestConnection implements pages.Sources.
func (s *Sources) TestConnection(context.Context, string) (sources.TestResult, error) {
	result := sources.TestResult{OK: true, User: sources.TestUser{ID: "u", DisplayName: "Sluice Bot", Email: SiteEmail}}
	for i, key := range []string{"OBS", "OPS", "SEC", "WEB", "HR", "LEGAL", "~ada"} {
		name := []string{"Observability", "Operations", "Security", "Web Platform", "People", "Legal", "Ada Lovelace"}[i]
		kind := "global"
		if strings.HasPrefix(key, "~") {
			kind = "personal"
		}
		result.Spaces = append(result.Spaces, sources.TestSpace{Key: key, Name: name, Type: kind, Pages: 17 + i*131})
	}
	return result, nil
}

// Create implements pages.Sources.
func (s *Sources) Create(_ context.Context, n sources.NewSource) (sources.Source, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n.SpaceKey == "LEGAL" {
		return sources.Source{}, fmt.Errorf("the space LEGAL cannot be read with these credentials: %w", wiki.ErrForbidden)
	}
	s.created = append(s.created, n)
	source := s.list[1]
	source.ID, source.SpaceKey, source.Name, source.State = "confluence_"+n.SpaceKey, n.SpaceKey, n.SpaceKey+" space", sources.StateQueued
	s.list = append(s.list, source)
	return source, nil
}

// List implements pages.Sources.
func (s *Sources) List(context.Context) ([]sources.Source, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list), s.broken
}

// Get implements pages.Sources.
func (s *Sources) Get(_ context.Context, id string) (sources.Source, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, source := range s.list {
		if source.ID == id {
			return source, nil
		}
	}
	return sources.Source{}, fmt.Errorf("source %s: %w", id, wiki.ErrNotFound)
}

// Update implements pages.Sources.
func (s *Sources) Update(ctx context.Context, id string, change sources.SourceChange) (sources.Source, error) {
	if change.GuardPercent != nil && (*change.GuardPercent < 0 || *change.GuardPercent > 100) {
		return sources.Source{}, wiki.Invalid("guard_percent", "must be between 0 and 100")
	}
	s.mu.Lock()
	for i := range s.list {
		if s.list[i].ID == id && change.Name != nil {
			s.list[i].Name = *change.Name
		}
	}
	s.mu.Unlock()
	return s.Get(ctx, id)
}

// Delete implements pages.Sources.
func (s *Sources) Delete(_ context.Context, id string) error {
	_ = s.called("delete", id)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = slices.DeleteFunc(s.list, func(source sources.Source) bool { return source.ID == id })
	return nil
}

// Sync implements pages.Sources.
func (s *Sources) Sync(ctx context.Context, id string, r sources.SyncRequest) (sources.Started, error) {
	what := "sync"
	if r.Reconcile {
		what = "reconcile"
	}
	if source, err := s.Get(ctx, id); err == nil && source.State == sources.StateRunning {
		return sources.Started{RunID: "run-100", State: sources.RunRunning, Conflict: true}, s.called(what, id)
	}
	s.SetState(id, sources.StateQueued)
	return sources.Started{RunID: "run-101", State: sources.RunQueued}, s.called(what, id)
}

// Cancel implements pages.Sources.
func (s *Sources) Cancel(_ context.Context, id string) error { return s.called("cancel", id) }

// Pause implements pages.Sources.
func (s *Sources) Pause(_ context.Context, id string) error {
	s.SetState(id, sources.StatePaused)
	return s.called("pause", id)
}

// Resume implements pages.Sources.
func (s *Sources) Resume(_ context.Context, id string) error { return s.called("resume", id) }

// Reprocess implements pages.Sources.
func (s *Sources) Reprocess(_ context.Context, id string) error { return s.called("reprocess", id) }

// Status implements pages.Sources.
func (s *Sources) Status(ctx context.Context, id string) (sources.Status, error) {
	source, err := s.Get(ctx, id)
	if err != nil {
		return sources.Status{}, err
	}
	status := sources.Status{
		State: source.State, LastSyncTimestamp: source.LastSyncTimestamp, NextSyncAt: source.NextSyncAt, TotalPages: source.TotalPages, TotalChunks: source.TotalChunks, ChunksWithoutEmbedding: source.ChunksWithoutEmbedding,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch source.State {
	case sources.StateRunning:
		status.Run = new(s.run)
	case sources.StateQueued:
		status.Run = &sources.Run{ID: "run-101", SourceID: id, State: sources.RunQueued, QueuedAt: ago(time.Second), Trigger: sources.TriggerManual}
	case sources.StateIdle, sources.StateFailed, sources.StatePaused:
		status.LastRun = new(s.finished(id, 1))
	}
	return status, nil
}
