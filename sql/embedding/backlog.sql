-- name: LeaseChunks :many
-- Takes the newest chunks that have no vector. Two workers may pick the same ones at once; the later one waits for the
-- earlier one's leases and gets none of them. The order names embedding_model so that only chunks_embedding_model has
-- it: through the primary key, each call would pass over all chunks that are newer and done.
INSERT INTO embedding_leases AS l (chunk_id, until)
SELECT c.id, now() + make_interval(secs => @lease_seconds::float8)
FROM chunks c
WHERE c.embedding_model IS NULL
  AND NOT EXISTS (SELECT 1 FROM embedding_leases b WHERE b.chunk_id = c.id AND b.until > now())
  AND NOT EXISTS (SELECT 1 FROM embedding_failures f WHERE f.chunk_id = c.id AND f.model_id = @model_id AND f.next_try_at > now())
ORDER BY c.embedding_model DESC, c.id DESC
LIMIT sqlc.arg(at_most)::int
ON CONFLICT (chunk_id) DO UPDATE SET until = excluded.until WHERE l.until <= now()
RETURNING l.chunk_id;

-- name: LeaseChunksOf :many
-- The same for chunks that have the vector of another model. With "=" the order would be that of the primary key again.
INSERT INTO embedding_leases AS l (chunk_id, until)
SELECT c.id, now() + make_interval(secs => @lease_seconds::float8)
FROM chunks c
WHERE c.embedding_model BETWEEN sqlc.arg(other_model)::text AND sqlc.arg(other_model)::text
  AND NOT EXISTS (SELECT 1 FROM embedding_leases b WHERE b.chunk_id = c.id AND b.until > now())
  AND NOT EXISTS (SELECT 1 FROM embedding_failures f WHERE f.chunk_id = c.id AND f.model_id = @model_id AND f.next_try_at > now())
ORDER BY c.embedding_model DESC, c.id DESC
LIMIT sqlc.arg(at_most)::int
ON CONFLICT (chunk_id) DO UPDATE SET until = excluded.until WHERE l.until <= now()
RETURNING l.chunk_id;

-- name: CopyVectors :many
-- Gives chunks the vector that another chunk of the same text has.
UPDATE chunks c SET embedding = d.embedding, embedding_model = d.embedding_model
FROM (
    SELECT DISTINCT ON (n.id) n.id, o.embedding, o.embedding_model
    FROM chunks n JOIN chunks o ON o.hash = n.hash AND o.embedding_model = sqlc.arg(model_id)::text
    WHERE n.id = ANY(@ids::bigint[])
    ORDER BY n.id, o.id
) d
WHERE c.id = d.id
RETURNING c.id;

-- name: LeasedChunks :many
SELECT id, title, heading_path, body_text FROM chunks
WHERE id = ANY(@ids::bigint[]) AND embedding_model IS DISTINCT FROM sqlc.arg(model_id)::text ORDER BY id DESC;

-- name: SaveVector :batchexec
UPDATE chunks SET embedding = @embedding, embedding_model = sqlc.arg(model_id)::text WHERE id = @id;

-- name: EndLeases :exec
DELETE FROM embedding_leases WHERE chunk_id = ANY(@ids::bigint[]);

-- name: SaveFailure :exec
-- Each further try waits twice as long, up to the longest wait.
INSERT INTO embedding_failures AS f (chunk_id, model_id, error, tries, next_try_at)
SELECT c.id, @model_id, @error, coalesce(o.tries, 0) + 1,
    now() + make_interval(secs => CASE WHEN o.tries > 20 THEN sqlc.arg(longest_wait)::float8
        ELSE least(sqlc.arg(longest_wait)::float8, sqlc.arg(first_wait)::float8 * power(2, coalesce(o.tries, 0))) END)
FROM chunks c LEFT JOIN embedding_failures o ON o.chunk_id = c.id AND o.model_id = @model_id
WHERE c.id = @chunk_id
ON CONFLICT (chunk_id) DO UPDATE SET
    model_id = excluded.model_id, error = excluded.error, tries = excluded.tries, last_at = now(), next_try_at = excluded.next_try_at;

-- name: ClearFailures :exec
DELETE FROM embedding_failures WHERE chunk_id = ANY(@ids::bigint[]);

-- name: SweepFailures :exec
DELETE FROM embedding_failures f WHERE NOT EXISTS (SELECT 1 FROM chunks c WHERE c.id = f.chunk_id);

-- name: SweepLeases :exec
DELETE FROM embedding_leases WHERE until < now();

-- name: CountFailures :one
SELECT count(*)::int AS failed, coalesce((SELECT g.error FROM embedding_failures g WHERE g.model_id = sqlc.arg(model_id)::text ORDER BY g.last_at DESC LIMIT 1), '')::text AS latest
FROM embedding_failures f WHERE f.model_id = sqlc.arg(model_id)::text;
