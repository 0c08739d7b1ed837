-- name: InsertRun :one
-- No row where the source has a run queued or running.
INSERT INTO sync_runs (source_id, trigger, kind, reconcile, full_sync)
VALUES (@source_id, @trigger, @kind, @reconcile, @full_sync)
ON CONFLICT (source_id) WHERE state IN ('queued', 'running') DO NOTHING
RETURNING id;

-- name: ActiveRun :one
SELECT id, state, trigger, job_id FROM sync_runs WHERE source_id = @source_id AND state IN ('queued', 'running');

-- name: SetRunJob :exec
UPDATE sync_runs SET job_id = @job_id WHERE id = @id;

-- name: StrengthenRun :execrows
-- A queued run takes over what a later request asks for beyond it.
UPDATE sync_runs SET reconcile = reconcile OR @reconcile::boolean, full_sync = full_sync OR @full_sync::boolean, trigger = @trigger
WHERE id = @id AND state = 'queued';

-- name: ClaimRun :one
-- Whoever moves the run from queued to running has it; everybody else finds no row.
UPDATE sync_runs SET state = 'running', attempt = attempt + 1, worker = @worker, heartbeat_at = now(), started_at = now(),
    updated_at = now()
WHERE id = @id AND state = 'queued' AND stop_requested = ''
RETURNING source_id, kind, trigger, reconcile, full_sync, attempt;

-- name: WriteProgress :one
-- Also the heartbeat, and how a running run hears that it should stop. No row: the run is no longer this worker's.
UPDATE sync_runs SET phase = @phase, total = @total, processed = @processed, pages_listed = @pages_listed,
    pages_created = @pages_created, pages_updated = @pages_updated, pages_unchanged = @pages_unchanged,
    pages_skipped = @pages_skipped, pages_deleted = @pages_deleted, pages_failed = @pages_failed,
    chunks_created = @chunks_created, chunks_kept = @chunks_kept, chunks_deleted = @chunks_deleted,
    api_calls = @api_calls, api_errors = @api_errors, api_retries = @api_retries, bytes_received = @bytes_received,
    skipped_reasons = @skipped_reasons, phase_seconds = @phase_seconds, current_title = @current_title,
    eta_seconds = @eta_seconds, note = @note, watermark_from = @watermark_from, watermark_to = @watermark_to,
    heartbeat_at = now(), updated_at = now()
WHERE id = @id AND attempt = @attempt AND state = 'running'
RETURNING stop_requested;

-- name: FinishRun :execrows
UPDATE sync_runs SET state = @state, error = @error, interrupted = @interrupted, finished_at = now(), updated_at = now(),
    phase = CASE WHEN @state = 'succeeded' THEN 'done' ELSE phase END, eta_seconds = NULL, current_title = ''
WHERE id = @id AND attempt = @attempt AND state = 'running';

-- name: OwnsRun :one
-- Asked within a page's transaction: a worker that lost its run must not write any more.
SELECT EXISTS (SELECT 1 FROM sync_runs WHERE id = @id AND attempt = @attempt AND state = 'running');

-- name: RequestStop :one
UPDATE sync_runs SET stop_requested = @stop,
    state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END,
    note = CASE WHEN state = 'queued' AND @stop = 'pause' THEN 'the source was paused' ELSE note END,
    finished_at = CASE WHEN state = 'queued' THEN now() ELSE finished_at END,
    updated_at = now()
WHERE source_id = @source_id AND state IN ('queued', 'running')
RETURNING id, state, job_id;

-- name: InterruptDeadRuns :many
-- Runs whose worker has not been heard of. SKIP LOCKED: several replicas may look at once.
UPDATE sync_runs SET state = 'failed', interrupted = true, finished_at = now(), updated_at = now(),
    error = 'the process that ran it stopped; the next run goes on where it was', eta_seconds = NULL, current_title = ''
WHERE id IN (
    SELECT r.id FROM sync_runs r
    WHERE r.state = 'running' AND r.heartbeat_at < now() - make_interval(secs => @silent_seconds::float8)
    FOR UPDATE SKIP LOCKED)
RETURNING id, source_id, trigger, kind, reconcile, full_sync, stop_requested;

-- name: ForgottenRuns :many
-- Queued runs that nobody has taken up for long: their job may be lost.
SELECT id, source_id, trigger, coalesce(job_id, 0)::bigint AS job FROM sync_runs
WHERE state = 'queued' AND updated_at < now() - make_interval(secs => @silent_seconds::float8)
ORDER BY id LIMIT 1000;

-- name: TouchRun :exec
UPDATE sync_runs SET updated_at = now() WHERE id = @id;

-- name: ReleaseRun :execrows
-- A worker that shuts down gives the run back as it found it; the next one goes on where it was.
UPDATE sync_runs SET state = 'queued', worker = '', heartbeat_at = NULL, eta_seconds = NULL, current_title = '', updated_at = now()
WHERE id = @id AND attempt = @attempt AND state = 'running' AND stop_requested = '';

-- name: ListRuns :many
SELECT r.id, r.source_id, r.trigger, r.kind, r.reconcile, r.full_sync, r.state, r.phase, r.total, r.processed, r.pages_listed,
    r.pages_created, r.pages_updated, r.pages_unchanged, r.pages_skipped, r.pages_deleted, r.pages_failed,
    r.chunks_created, r.chunks_kept, r.chunks_deleted, r.api_calls, r.api_errors, r.api_retries, r.bytes_received,
    r.skipped_reasons, r.phase_seconds, r.current_title, r.eta_seconds, r.note, r.error, r.interrupted,
    r.watermark_from, r.watermark_to, r.queued_at, r.started_at, r.finished_at
FROM sync_runs r
WHERE (sqlc.narg('source_id')::text IS NULL OR r.source_id = sqlc.narg('source_id'))
  AND (sqlc.narg('run_id')::bigint IS NULL OR r.id = sqlc.narg('run_id'))
  AND r.id < @before
  AND (NOT @only_active::boolean OR r.state IN ('queued', 'running'))
  AND (NOT @only_finished::boolean OR r.state NOT IN ('queued', 'running'))
ORDER BY r.id DESC
LIMIT @most;

-- name: RunPoints :many
SELECT r.source_id, r.id, r.state, r.started_at, r.finished_at, r.pages_created, r.pages_updated, r.pages_deleted, r.pages_failed
FROM unnest(@ids::text[]) AS wanted (source_id)
CROSS JOIN LATERAL (
    SELECT o.source_id, o.id, o.state, o.started_at, o.finished_at, o.pages_created, o.pages_updated, o.pages_deleted, o.pages_failed
    FROM sync_runs o
    WHERE o.source_id = wanted.source_id AND o.finished_at IS NOT NULL AND o.started_at IS NOT NULL
    ORDER BY o.id DESC LIMIT @most) r
ORDER BY r.source_id, r.id;

-- name: AddRunError :exec
INSERT INTO sync_run_errors (run_id, page_id, title, error) VALUES (@run_id, @page_id, @title, @error);

-- name: RunErrors :many
SELECT id, page_id, title, error, at FROM sync_run_errors
WHERE run_id = @run_id AND id > @after ORDER BY id LIMIT @most;

-- name: AddRunLog :exec
INSERT INTO sync_run_log (run_id, level, message) VALUES (@run_id, @level, @message);

-- name: RunLog :many
SELECT id, level, message, at FROM sync_run_log WHERE run_id = @run_id ORDER BY id LIMIT 1000;

-- name: PruneRuns :execrows
-- Old runs go, but each source keeps its latest.
DELETE FROM sync_runs WHERE id IN (
    SELECT numbered.id FROM (
        SELECT r.id, r.finished_at, row_number() OVER (PARTITION BY r.source_id ORDER BY r.id DESC) AS nth
        FROM sync_runs r WHERE r.finished_at IS NOT NULL) numbered
    WHERE numbered.nth > @keep_latest::int AND numbered.finished_at < @before::timestamptz);
