-- name: Look :one
-- What every search asks first, in one statement, so of one state of the database: which segments and sources there are,
-- and whether anything may have changed. Transactions from xmin on may not be visible yet; seen tells which were. A replica
-- cannot tell: its snapshots do not name the transactions under way. The latest change is the end of an index; for "is there
-- one since" the planner may go through all pages.
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin, pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xmax,
    (CASE WHEN pg_is_in_recovery() THEN '' ELSE pg_current_snapshot()::text END)::text AS seen,
    coalesce((SELECT array_agg(g.id ORDER BY g.id) FROM search_segments g WHERE g.version = @version), '{}')::bigint[] AS segments,
    coalesce((SELECT NOT b.complete FROM search_builds b WHERE b.version = @version), false)::boolean AS incomplete,
    (greatest((SELECT max(f.changed) FROM search_fresh f), (SELECT max(r.changed) FROM search_removed r),
        (SELECT max(p.search_changed) FROM confluence_pages p), 0) >= @since::bigint)::boolean AS changed,
    coalesce((SELECT array_agg(source_id ORDER BY source_id) FROM sources), '{}')::text[] AS source_ids,
    coalesce((SELECT array_agg(source_type ORDER BY source_id) FROM sources), '{}')::text[] AS source_types,
    coalesce((SELECT array_agg(text_config ORDER BY source_id) FROM sources), '{}')::text[] AS text_configs;

-- name: SegmentHeaders :many
SELECT id, header FROM search_segments WHERE id = ANY(@ids::bigint[]) ORDER BY id;

-- name: FreshSince :many
-- What was seen is left out: while a long transaction runs xmin stands still, and all since its begin would come again and
-- again.
SELECT chunk_id, source_id, page_id, words FROM search_fresh
WHERE changed >= @since AND version = @version AND coalesce(NOT pg_visible_in_snapshot(changed::text::xid8, nullif(@seen::text, '')::pg_snapshot), true)
ORDER BY chunk_id;

-- name: StillFresh :many
SELECT chunk_id FROM search_fresh f WHERE version = @version AND NOT EXISTS (SELECT FROM search_removed r WHERE r.chunk_id = f.chunk_id)
ORDER BY chunk_id;

-- name: RemovedSince :many
SELECT chunk_id FROM search_removed
WHERE changed >= @since AND coalesce(NOT pg_visible_in_snapshot(changed::text::xid8, nullif(@seen::text, '')::pg_snapshot), true);

-- name: PagesSince :many
SELECT source_id, page_id, space_key, type, title, url, last_modified, ancestor_ids, author_id, author_name, labels, jira_keys,
    restricted, is_deleted, chunk_count, coalesce(content_hash, ''::bytea)::bytea AS content_hash
FROM confluence_pages
WHERE search_changed >= @since AND coalesce(NOT pg_visible_in_snapshot(search_changed::text::xid8, nullif(@seen::text, '')::pg_snapshot), true);
