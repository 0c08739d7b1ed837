package contentstore_test

import (
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/postgres/contentstore"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
)

// Old runs go with their logs and errors, but for the latest ones and those that are not finished; the record of a deleted
// page goes when it is old, a live page never.
func TestRetention(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	store, err := contentstore.New(db, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(t.Context(), `
		INSERT INTO sources (source_id, name) VALUES ('confluence_A', 'A'), ('confluence_B', 'B');
		INSERT INTO sync_runs (source_id, trigger, state, finished_at) SELECT 'confluence_A', 'schedule', 'succeeded', now() - interval '100 days' FROM generate_series(1, 7);
		INSERT INTO sync_runs (source_id, trigger, state, finished_at) SELECT 'confluence_B', 'schedule', 'failed', now() - interval '10 days' FROM generate_series(1, 7);
		INSERT INTO sync_runs (source_id, trigger, state, queued_at) VALUES ('confluence_A', 'schedule', 'running', now() - interval '100 days');
		INSERT INTO sync_run_log (run_id, message) SELECT id, 'said' FROM sync_runs;
		INSERT INTO sync_run_errors (run_id, page_id, error) SELECT id, '1', 'failed' FROM sync_runs;
		INSERT INTO confluence_pages (source_id, page_id, space_key, title, version, version_at, last_modified, path, created_at, is_deleted, deleted_at)
			VALUES ('confluence_A', 'old', 'A', 'Old', 1, now(), now(), '/old', now(), true, now() - interval '40 days'),
				('confluence_A', 'recent', 'A', 'Recent', 1, now(), now(), '/recent', now(), true, now() - interval '10 days'),
				('confluence_A', 'live', 'A', 'Live', 1, now() - interval '9 years', now() - interval '9 years', '/live', now() - interval '9 years', false, NULL)`)
	if err != nil {
		t.Fatal(err)
	}
	const day, keep = 24 * time.Hour, 3
	runs, err := store.PruneRuns(t.Context(), keep, time.Now().Add(-90*day))
	if err != nil || runs == 0 {
		t.Errorf("%d runs pruned, %v", runs, err)
	}
	pages, err := store.PurgeDeleted(t.Context(), time.Now().Add(-30*day))
	if err != nil || pages != 1 {
		t.Errorf("%d pages purged, %v; want 1", pages, err)
	}
	var finished, running, others, stray int
	var left []string
	err = db.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE source_id = 'confluence_A' AND finished_at IS NOT NULL),
		count(*) FILTER (WHERE finished_at IS NULL), count(*) FILTER (WHERE source_id = 'confluence_B'),
		(SELECT count(*) FROM sync_run_log) + (SELECT count(*) FROM sync_run_errors) - 2 * count(*),
		(SELECT array_agg(page_id ORDER BY page_id) FROM confluence_pages) FROM sync_runs`).Scan(&finished, &running, &others, &stray, &left)
	if err != nil {
		t.Fatal(err)
	}
	if finished > keep || finished+running < keep || running != 1 || others != 7 || stray != 0 {
		t.Errorf("left: %d finished, %d running, %d of the other source, %d stray rows", finished, running, others, stray)
	}
	if len(left) != 2 || left[0] != "live" || left[1] != "recent" {
		t.Errorf("pages left: %v", left)
	}
}
