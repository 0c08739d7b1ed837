package app

import (
	"context"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/sources"
)

// Sources is the administration of sources with an entry in the audit log for everything that changes something.
type Sources struct {
	*sources.Service
	audit *auth.Service
}

// noted writes the entry of a change that succeeded.
func (s *Sources) noted(ctx context.Context, err error, action, subject string, detail map[string]any) error {
	if err == nil {
		s.audit.Record(ctx, action, subject, detail)
	}
	return err
}

// Create adds a source.
func (s *Sources) Create(ctx context.Context, n sources.NewSource) (sources.Source, error) {
	source, err := s.Service.Create(ctx, n)
	return source, s.noted(ctx, err, "source.create", source.ID, map[string]any{"space": source.SpaceKey, "site": source.BaseURL})
}

// Update changes a source.
func (s *Sources) Update(ctx context.Context, id string, change sources.SourceChange) (sources.Source, error) {
	source, err := s.Service.Update(ctx, id, change)
	return source, s.noted(ctx, err, "source.change", id, map[string]any{"change": change})
}

// Delete removes a source.
func (s *Sources) Delete(ctx context.Context, id string) error {
	return s.noted(ctx, s.Service.Delete(ctx, id), "source.delete", id, nil)
}

// Sync queues a run.
func (s *Sources) Sync(ctx context.Context, id string, r sources.SyncRequest) (sources.Started, error) {
	started, err := s.Service.Sync(ctx, id, r)
	if err == nil && !started.Conflict {
		s.audit.Record(ctx, "source.sync", id, map[string]any{"run": started.RunID, "reconcile": r.Reconcile, "full": r.Full})
	}
	return started, err
}

// Cancel ends a run.
func (s *Sources) Cancel(ctx context.Context, id string) error {
	return s.noted(ctx, s.Service.Cancel(ctx, id), "source.cancel", id, nil)
}

// Pause keeps a source from being synced.
func (s *Sources) Pause(ctx context.Context, id string) error {
	return s.noted(ctx, s.Service.Pause(ctx, id), "source.pause", id, nil)
}

// Resume lets a source be synced again.
func (s *Sources) Resume(ctx context.Context, id string) error {
	return s.noted(ctx, s.Service.Resume(ctx, id), "source.resume", id, nil)
}

// Reprocess queues a run over the stored bodies.
func (s *Sources) Reprocess(ctx context.Context, id string) error {
	return s.noted(ctx, s.Service.Reprocess(ctx, id), "source.reprocess", id, nil)
}

// DecidePending confirms or dismisses the deletions that the guard holds.
func (s *Sources) DecidePending(ctx context.Context, id string, confirm bool) (int, error) {
	n, err := s.Service.DecidePending(ctx, id, confirm)
	action := "source.deletions_dismiss"
	if confirm {
		action = "source.deletions_confirm"
	}
	return n, s.noted(ctx, err, action, id, map[string]any{"pages": n})
}

// UpdateConnection changes a connection. What is changed is noted, the token's value is not.
func (s *Sources) UpdateConnection(ctx context.Context, id string, change sources.ConnectionChange) (sources.Connection, error) {
	connection, err := s.Service.UpdateConnection(ctx, id, change)
	return connection, s.noted(ctx, err, "connection.change", id, map[string]any{
		"token": change.APIToken != nil, "email": change.Email != nil, "name": change.Name != nil,
	})
}
