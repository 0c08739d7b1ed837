-- name: SaveFresh :copyfrom
INSERT INTO search_fresh (chunk_id, source_id, page_id, words) VALUES ($1, $2, $3, $4);

-- name: TryLockMaintenance :one
-- One maintainer at a time, across all processes.
SELECT pg_try_advisory_xact_lock(@key::bigint);

-- name: CountFresh :one
SELECT count(*) FROM (SELECT FROM search_fresh LIMIT @most::int) f;

-- name: FreshToFold :many
SELECT chunk_id, source_id, page_id, words, EXISTS (SELECT FROM search_removed r WHERE r.chunk_id = f.chunk_id) AS removed
FROM search_fresh f ORDER BY chunk_id LIMIT @most::int;

-- name: DeleteFresh :exec
DELETE FROM search_fresh WHERE chunk_id = ANY(@ids::bigint[]);

-- name: AddSegment :one
INSERT INTO search_segments (docs, header) VALUES (@docs, @header) RETURNING id;

-- name: SavePostings :copyfrom
INSERT INTO search_postings (segment_id, term, data) VALUES ($1, $2, $3);

-- name: SegmentSizes :many
SELECT id, docs FROM search_segments ORDER BY docs, id;

-- name: RemovedChunks :many
SELECT DISTINCT chunk_id FROM search_removed ORDER BY chunk_id;

-- name: PostingsAfter :many
-- A piece of several segments' postings in the order of their terms.
SELECT term, segment_id, data FROM search_postings
WHERE segment_id = ANY(@segments::bigint[]) AND term > @after AND term <= @until ORDER BY term, segment_id;

-- name: TermAt :one
-- The last term of a piece.
SELECT coalesce(max(term), '')::text AS term FROM (
    SELECT term FROM search_postings WHERE segment_id = @segment AND term > @after ORDER BY term LIMIT @size::int
) t;

-- name: DeleteSegments :exec
DELETE FROM search_segments WHERE id = ANY(@ids::bigint[]);

-- name: ForgetRemoved :exec
DELETE FROM search_removed WHERE chunk_id = ANY(@ids::bigint[]);

-- name: ResetFuture :exec
-- Rows of a restored backup carry transaction ids that this server has not reached.
WITH s AS (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS edge),
    f AS (UPDATE search_fresh SET changed = 0 FROM s WHERE changed >= s.edge),
    r AS (UPDATE search_removed SET changed = 0 FROM s WHERE changed >= s.edge)
UPDATE confluence_pages SET search_changed = 0 FROM s WHERE search_changed >= s.edge;

-- name: IndexVersion :one
SELECT coalesce((SELECT version FROM search_index), 0)::int AS version;

-- name: SetIndexVersion :exec
INSERT INTO search_index (version) VALUES (@version) ON CONFLICT (one) DO UPDATE SET version = excluded.version;

-- name: LockFresh :exec
-- Writers of pages wait, readers do not.
LOCK TABLE search_fresh IN SHARE ROW EXCLUSIVE MODE;

-- name: ClearIndex :exec
WITH f AS (DELETE FROM search_fresh), r AS (DELETE FROM search_removed) DELETE FROM search_segments;

-- name: ChunksAfter :many
SELECT id, source_id, page_id, title, heading_path, section_title, body_text, content, text_config FROM chunks
WHERE id > @after ORDER BY id LIMIT @most::int;
