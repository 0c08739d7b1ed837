-- name: SaveFresh :copyfrom
INSERT INTO search_fresh (chunk_id, source_id, page_id, words, version) VALUES ($1, $2, $3, $4, $5);

-- name: TryLockMaintenance :one
-- One maintainer at a time, across all processes.
SELECT pg_try_advisory_xact_lock(@key::bigint);

-- name: TryLockPart :one
-- One process at a time does a part of maintenance; others may do other parts meanwhile, but nobody all of it.
SELECT (pg_try_advisory_xact_lock_shared(@maintenance::bigint) AND pg_try_advisory_xact_lock(@part::bigint))::boolean AS mine;

-- name: CountFresh :one
SELECT count(*) FROM (SELECT FROM search_fresh WHERE version = @version LIMIT @most::int) f;

-- name: FreshToFold :many
SELECT chunk_id, source_id, page_id, words, EXISTS (SELECT FROM search_removed r WHERE r.chunk_id = f.chunk_id) AS removed
FROM search_fresh f WHERE f.version = @version AND f.chunk_id > @after ORDER BY f.chunk_id LIMIT @most::int;

-- name: DeleteFresh :exec
DELETE FROM search_fresh WHERE chunk_id = ANY(@ids::bigint[]);

-- name: AddSegment :one
INSERT INTO search_segments (docs, header, version) VALUES (@docs, @header, @version) RETURNING id;

-- name: SavePostings :copyfrom
INSERT INTO search_postings (segment_id, term, data) VALUES ($1, $2, $3);

-- name: SegmentSizes :many
SELECT id, docs FROM search_segments WHERE version = @version ORDER BY docs, id;

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
-- Not while another version may have the chunks in its segments.
DELETE FROM search_removed WHERE chunk_id = ANY(@ids::bigint[]) AND NOT EXISTS (SELECT FROM search_builds WHERE version <> @version);

-- name: ResetFuture :exec
-- Rows of a restored backup carry transaction ids that this server has not reached.
WITH s AS (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS edge),
    f AS (UPDATE search_fresh SET changed = 0 FROM s WHERE changed >= s.edge),
    r AS (UPDATE search_removed SET changed = 0 FROM s WHERE changed >= s.edge)
UPDATE confluence_pages SET search_changed = 0 FROM s WHERE search_changed >= s.edge;
