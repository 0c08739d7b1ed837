-- A view of PostgreSQL's that sqlc does not know; read by sqlc alone.
CREATE TABLE pg_available_extensions (name text NOT NULL, default_version text, installed_version text);
