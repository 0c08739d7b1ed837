-- +goose Up
-- vector: embeddings and their index (>= 0.7 for halfvec). pg_trgm: misspelt words, prefix completion. Both are
-- "trusted" or pre-installed on managed services; creating them needs no superuser where they are.
CREATE EXTENSION IF NOT EXISTS vector;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;

-- +goose Down
DROP EXTENSION IF EXISTS unaccent;
DROP EXTENSION IF EXISTS pg_trgm;
DROP EXTENSION IF EXISTS vector;
