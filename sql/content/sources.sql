-- name: InsertSource :exec
INSERT INTO sources (source_id, name, connection_id, space_id, space_url, homepage_id, metadata, restricted_pages, text_config)
VALUES (@source_id, @name, @connection_id, @space_id, @space_url, @homepage_id, @metadata, @restricted_pages, @text_config);

-- name: SourceIDs :many
-- The ids that begin with a slug, to find the next free one.
SELECT source_id FROM sources WHERE source_id = @slug OR starts_with(source_id, @slug::text || '_');

-- name: SourceOfSpace :one
SELECT s.source_id FROM sources s JOIN connections c ON c.id = s.connection_id
WHERE c.base_url = @base_url AND lower(s.metadata ->> 'confluence_space_key') = lower(@space_key::text);

-- name: SyncSource :one
SELECT s.source_id, s.connection_id::text AS connection_id, s.space_id, s.space_url, s.homepage_id, s.metadata, s.restricted_pages,
    s.text_config, s.guard_percent, s.guard_minimum, s.full_since, s.reconcile_wanted, s.wishes,
    c.base_url, c.jira_base_url, c.jira_projects, c.deployment
FROM sources s JOIN connections c ON c.id = s.connection_id
WHERE s.source_id = @source_id;

-- name: SourceBySpaceID :one
SELECT s.source_id FROM sources s JOIN connections c ON c.id = s.connection_id
WHERE c.base_url = @base_url AND (s.space_id = @space_id AND s.space_id <> ''
    OR lower(s.metadata ->> 'confluence_space_key') = lower(@space_key::text))
LIMIT 1;

-- name: ListSources :many
-- Chunks are not counted here: that would read them all.
SELECT s.source_id, s.source_type, s.name, s.connection_id, s.space_id, s.space_url, s.homepage_id, s.metadata,
    s.restricted_pages, s.text_config, s.guard_percent, s.guard_minimum, s.paused, s.next_sync_at, s.full_since,
    s.reconcile_wanted, s.created_at, s.updated_at,
    coalesce(c.base_url, '')::text AS base_url,
    coalesce(active.state, '')::text AS active_state,
    coalesce(last.state, '')::text AS last_state,
    (SELECT count(*) FROM confluence_pages p WHERE p.source_id = s.source_id AND NOT p.is_deleted)::int AS pages,
    counted.chunks, counted.unembedded,
    (SELECT count(*) FROM page_failures f WHERE f.source_id = s.source_id)::int AS failed_pages,
    (SELECT count(*) FROM pending_deletions d WHERE d.source_id = s.source_id)::int AS pending
FROM sources s
LEFT JOIN connections c ON c.id = s.connection_id
LEFT JOIN LATERAL (
    SELECT r.state FROM sync_runs r WHERE r.source_id = s.source_id AND r.state IN ('queued', 'running') LIMIT 1
) active ON true
LEFT JOIN LATERAL (
    SELECT r.state FROM sync_runs r
    WHERE r.source_id = s.source_id AND r.state IN ('succeeded', 'failed', 'cancelled') ORDER BY r.id DESC LIMIT 1
) last ON true
CROSS JOIN LATERAL (
    SELECT coalesce(sum(c.chunks), 0)::int AS chunks, coalesce(sum(c.unembedded), 0)::int AS unembedded
    FROM chunk_counts c WHERE c.source_id = s.source_id
) counted
WHERE sqlc.narg('id')::text IS NULL OR s.source_id = sqlc.narg('id')
ORDER BY s.name, s.source_id;

-- name: UpdateSource :execrows
UPDATE sources SET
    name = coalesce(sqlc.narg('name'), name),
    restricted_pages = coalesce(sqlc.narg('restricted_pages'), restricted_pages),
    text_config = coalesce(sqlc.narg('text_config'), text_config),
    guard_percent = coalesce(sqlc.narg('guard_percent'), guard_percent),
    guard_minimum = coalesce(sqlc.narg('guard_minimum'), guard_minimum),
    next_sync_at = coalesce(sqlc.narg('next_sync_at'), next_sync_at),
    reconcile_wanted = reconcile_wanted OR @reconcile_wanted::boolean,
    wishes = wishes + CASE WHEN @reconcile_wanted THEN 1 ELSE 0 END,
    metadata = metadata || @metadata::jsonb,
    updated_at = now()
WHERE source_id = @source_id;

-- name: SetPaused :execrows
UPDATE sources SET paused = @paused, updated_at = now() WHERE source_id = @source_id;

-- name: SetSpace :exec
UPDATE sources SET space_id = @space_id, space_url = @space_url, homepage_id = @homepage_id
WHERE source_id = @source_id
  AND (space_id, space_url, homepage_id) IS DISTINCT FROM (@space_id::text, @space_url::text, @homepage_id::text);

-- name: SetFullSince :exec
UPDATE sources SET full_since = @full_since WHERE source_id = @source_id;

-- name: FinishSource :exec
-- The last write of a run that succeeded: watermark, times and figures together. A comparison that was asked for since the
-- run began is not done by it.
UPDATE sources SET
    metadata = metadata || @metadata::jsonb,
    full_since = CASE WHEN @compared::boolean THEN NULL ELSE full_since END,
    reconcile_wanted = CASE WHEN @compared AND wishes = @wishes::int THEN @reconcile_again::boolean ELSE reconcile_wanted OR @reconcile_again END,
    updated_at = now()
WHERE source_id = @source_id;

-- name: SetNextSync :exec
UPDATE sources SET next_sync_at = @next_sync_at WHERE source_id = @source_id;

-- name: DeleteSource :execrows
DELETE FROM sources WHERE source_id = @source_id;

-- name: DueSources :many
-- Sources whose time has come and that have no run open, of each site as many as may be under way at once, the longest
-- overdue first, the sites in turn. The failures are the failed runs since the last success.
SELECT due.source_id, due.frequency_hours FROM (
    SELECT s.source_id, s.next_sync_at, coalesce((s.metadata ->> 'sync_frequency_hours')::int, 24)::int AS frequency_hours,
        row_number() OVER (PARTITION BY c.base_url ORDER BY s.next_sync_at, s.source_id) + (
            SELECT count(*) FROM sync_runs r
            JOIN sources o ON o.source_id = r.source_id JOIN connections d ON d.id = o.connection_id
            WHERE d.base_url = c.base_url AND r.state IN ('queued', 'running')) AS nth
    FROM sources s JOIN connections c ON c.id = s.connection_id
    WHERE NOT s.paused AND s.next_sync_at <= now()
      AND NOT EXISTS (SELECT 1 FROM sync_runs r WHERE r.source_id = s.source_id AND r.state IN ('queued', 'running'))
) due
WHERE due.nth <= @per_site::int
ORDER BY due.nth, due.next_sync_at, due.source_id
LIMIT @most;

-- name: SourceFrequency :one
SELECT coalesce((metadata ->> 'sync_frequency_hours')::int, 24)::int FROM sources WHERE source_id = @source_id;

-- name: WantComparison :exec
UPDATE sources SET reconcile_wanted = true, wishes = wishes + 1 WHERE source_id = @source_id;

-- name: PurgeDeleted :execrows
-- Rows of pages that were deleted long ago.
DELETE FROM confluence_pages WHERE is_deleted AND deleted_at < @before::timestamptz;

-- name: SiblingSources :many
-- The other sources of the same site.
SELECT s.source_id FROM sources s JOIN connections c ON c.id = s.connection_id
WHERE s.source_id <> @source_id
  AND c.base_url = (SELECT o.base_url FROM connections o JOIN sources t ON t.connection_id = o.id WHERE t.source_id = @source_id);

-- name: FailuresSinceSuccess :one
SELECT count(*)::int FROM sync_runs r
WHERE r.source_id = @source_id AND r.state = 'failed' AND NOT r.interrupted
  AND r.id > coalesce((SELECT max(o.id) FROM sync_runs o WHERE o.source_id = @source_id AND o.state = 'succeeded'), 0);

-- name: SourcesToReprocess :many
SELECT s.source_id FROM sources s
WHERE NOT s.paused AND EXISTS (
    SELECT 1 FROM confluence_pages p WHERE p.source_id = s.source_id AND NOT p.is_deleted
      AND (p.converter_version <> @version OR p.text_config <> s.text_config))
ORDER BY s.source_id;

-- name: TextConfigs :many
SELECT DISTINCT cfgname::text FROM pg_catalog.pg_ts_config ORDER BY 1;

-- name: FoldCounts :exec
-- Sums up the changes of counts, where there are many, and forgets sources that are gone. Two at once take different rows.
WITH taken AS (
    DELETE FROM chunk_counts WHERE source_id IN (
        SELECT c.source_id FROM chunk_counts c LEFT JOIN sources s ON s.source_id = c.source_id
        GROUP BY c.source_id HAVING count(*) > 8 OR bool_and(s.source_id IS NULL))
    RETURNING source_id, chunks, unembedded
)
INSERT INTO chunk_counts (source_id, chunks, unembedded)
SELECT source_id, sum(chunks), sum(unembedded) FROM taken GROUP BY source_id HAVING sum(chunks) <> 0 OR sum(unembedded) <> 0;
