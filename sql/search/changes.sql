-- name: SnapshotXmin :one
-- Transactions from this one on may not be visible yet; a reader asks for their rows again next time.
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin;

-- name: SegmentIDs :many
SELECT id FROM search_segments ORDER BY id;

-- name: SegmentHeaders :many
SELECT id, header FROM search_segments WHERE id = ANY(@ids::bigint[]) ORDER BY id;

-- name: FreshSince :many
SELECT chunk_id, source_id, page_id, words FROM search_fresh WHERE changed >= @since ORDER BY chunk_id;

-- name: RemovedSince :many
SELECT chunk_id FROM search_removed WHERE changed >= @since;

-- name: PagesSince :many
SELECT source_id, page_id, space_key, type, title, url, last_modified, ancestor_ids, author_id, author_name, labels, jira_keys,
    restricted, is_deleted, chunk_count, coalesce(content_hash, ''::bytea)::bytea AS content_hash
FROM confluence_pages WHERE search_changed >= @since;

-- name: SearchSources :many
SELECT source_id, source_type, text_config FROM sources ORDER BY source_id;
