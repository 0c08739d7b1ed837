-- name: NoteUse :one
-- Notes that a version is in use, once an hour, and tells of others.
WITH noted AS (
    INSERT INTO search_builds (version, complete) VALUES (@version, true)
    ON CONFLICT (version) DO UPDATE SET used_at = now() WHERE search_builds.used_at < now() - interval '1 hour'
)
SELECT EXISTS (SELECT FROM search_builds b WHERE b.version <> @version) AS others;

-- name: SetComplete :exec
INSERT INTO search_builds (version, complete) VALUES (@version, @complete)
ON CONFLICT (version) DO UPDATE SET complete = excluded.complete, used_at = now() WHERE search_builds.complete <> excluded.complete;

-- name: DropUnused :one
-- What versions wrote that nobody has used for a day.
WITH unused AS (DELETE FROM search_builds b WHERE b.version <> @version AND b.used_at < now() - interval '1 day' RETURNING b.version),
    f AS (DELETE FROM search_fresh WHERE version IN (SELECT version FROM unused)),
    s AS (DELETE FROM search_segments WHERE version IN (SELECT version FROM unused))
SELECT count(*) FROM unused;

-- name: ChunkIDs :many
SELECT id FROM chunks ORDER BY id;

-- name: SegmentIDs :many
SELECT id FROM search_segments WHERE version = @version ORDER BY id;

-- name: ChunksToIndex :many
SELECT id, source_id, page_id, title, heading_path, section_title, body_text, content, text_config FROM chunks
WHERE id = ANY(@ids::bigint[]) ORDER BY id;
