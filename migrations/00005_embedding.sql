-- +goose NO TRANSACTION
-- Vectors: which models they come from, and the work of making them. Without a transaction, so that the indexes of a
-- filled table are built beside its readers and writers. Each step can be repeated where an earlier try stopped half-way.

-- +goose Up
-- A vector stays beside its chunk (1 KB at 512 dimensions), where comparing all of many chunks is several times as fast
-- as from TOAST. Not PLAIN, because the vectors of the longest models would not fit beside anything else: MAIN moves
-- them out of line only then.
ALTER TABLE chunks ALTER embedding SET STORAGE MAIN;
-- Every chunk is written twice, by the sync and by the embedder: clean up early.
ALTER TABLE chunks SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 1);

-- Such an index waits for transactions that are older than it, and holds up nobody meanwhile.
SET lock_timeout = '10min';
-- Finds the newest chunks that have no vector (embedding_model is null), or one of another model, and counts by model.
DROP INDEX CONCURRENTLY IF EXISTS chunks_embedding_model;
CREATE INDEX CONCURRENTLY chunks_embedding_model ON chunks (embedding_model, id);
-- Finds a vector that another chunk of the same text has already.
DROP INDEX CONCURRENTLY IF EXISTS chunks_hash;
CREATE INDEX CONCURRENTLY chunks_hash ON chunks (hash);
RESET lock_timeout;

-- Vectors of different models are never compared. The index over a model's vectors is made at run time, once there are
-- many of them, because its length is the model's: internal/postgres/embedstore.
CREATE TABLE IF NOT EXISTS embedding_models (
    model_id   text PRIMARY KEY,
    dimensions int NOT NULL CHECK (dimensions BETWEEN 1 AND 4000),  -- 4000 is the most that halfvec can be indexed with
    first_used timestamptz NOT NULL DEFAULT now(),
    chosen_at  timestamptz NOT NULL DEFAULT now()      -- the latest start of a worker with this model
);

-- Which chunks a worker is embedding right now. Not the chunks' own locks: a page must not have to wait for the embedder.
-- Worthless after a crash, so unlogged.
CREATE UNLOGGED TABLE IF NOT EXISTS embedding_leases (
    chunk_id bigint PRIMARY KEY,
    until    timestamptz NOT NULL
);

-- Chunks that the model could not embed, and when to try again. No foreign key: it would slow every deletion of chunks
-- down for the sake of a table that is nearly always empty; the worker sweeps.
CREATE TABLE IF NOT EXISTS embedding_failures (
    chunk_id    bigint PRIMARY KEY,
    model_id    text NOT NULL,
    error       text NOT NULL,
    tries       int NOT NULL DEFAULT 1,
    last_at     timestamptz NOT NULL DEFAULT now(),
    next_try_at timestamptz NOT NULL
);

-- +goose Down
-- +goose StatementBegin
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT indexname FROM pg_indexes WHERE tablename = 'chunks' AND indexname LIKE 'chunks\_hnsw\_%' LOOP
        EXECUTE format('DROP INDEX %I', name);
    END LOOP;
END $$;
-- +goose StatementEnd
DROP TABLE IF EXISTS embedding_failures, embedding_leases, embedding_models;
DROP INDEX IF EXISTS chunks_hash, chunks_embedding_model;
ALTER TABLE chunks RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay);
ALTER TABLE chunks ALTER embedding SET STORAGE EXTERNAL;
