-- name: UseModel :one
-- Notes that a model is chosen, and returns how long its vectors have been since it was first used.
INSERT INTO embedding_models AS m (model_id, dimensions) VALUES (@model_id, @dimensions)
ON CONFLICT (model_id) DO UPDATE SET chosen_at = clock_timestamp()
RETURNING m.dimensions;

-- name: Coverage :many
-- How many chunks have a vector of each model; null: none. From the index alone, but for rows that just changed.
SELECT c.embedding_model, m.dimensions, count(*)::int AS chunks
FROM chunks c LEFT JOIN embedding_models m ON m.model_id = c.embedding_model
GROUP BY c.embedding_model, m.dimensions
ORDER BY chunks DESC, c.embedding_model;

-- name: OlderModels :many
-- Models that were chosen before the given one: their vectors are to be replaced. Never the other way round, or two
-- replicas with different settings would undo each other's work for ever.
SELECT o.model_id FROM embedding_models o JOIN embedding_models m ON m.model_id = @model_id
WHERE o.chosen_at < m.chosen_at
ORDER BY o.chosen_at DESC, o.model_id;

-- name: UnusedModels :many
-- Models other than the given one that no chunk has a vector of, and that no worker was started with of late.
SELECT m.model_id FROM embedding_models m
WHERE m.model_id <> @model_id AND m.chosen_at < now() - interval '1 day'
  AND NOT EXISTS (SELECT 1 FROM chunks c WHERE c.embedding_model = m.model_id);

-- name: CountVectors :one
SELECT count(*)::int FROM chunks WHERE embedding_model = sqlc.arg(model_id)::text;

-- name: CountWithout :one
SELECT count(*)::int FROM chunks WHERE embedding_model IS NULL;

-- name: ForgetModels :exec
DELETE FROM embedding_models WHERE model_id = ANY(@ids::text[]);

-- name: VectorIndexes :many
-- Indexes over vectors, with whether they are complete.
SELECT c.relname::text AS name, i.indisvalid AS valid
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = 'chunks'::regclass AND c.relname LIKE 'chunks\_hnsw\_%'
ORDER BY c.relname;

-- name: TryIndexLock :one
SELECT pg_try_advisory_lock(hashtext('sluice vector index')::bigint);

-- name: EndIndexLock :exec
SELECT pg_advisory_unlock(hashtext('sluice vector index')::bigint);

-- name: ServerMemory :one
SELECT pg_size_bytes(current_setting('shared_buffers'))::bigint AS shared, pg_size_bytes(current_setting('maintenance_work_mem'))::bigint AS maintenance;
