-- The word index of several versions of the program side by side. What one version writes of a chunk another may not be
-- able to read, so each reads only its own rows and indexes what it lacks: an upgrade builds its index while the program
-- before it answers from the old one, and a chunk that was stored before there was an index is found like any other.

-- +goose Up
ALTER TABLE search_fresh ADD version int NOT NULL DEFAULT 1;
ALTER TABLE search_segments ADD version int NOT NULL DEFAULT 1;

-- Versions in use. The rows of one that nobody has used for a day are dropped.
CREATE TABLE search_builds (
    version  int PRIMARY KEY,
    complete boolean NOT NULL,                         -- false while chunks that were there before are being indexed
    used_at  timestamptz NOT NULL DEFAULT now()
);
INSERT INTO search_builds (version, complete) SELECT version, true FROM search_index;
COMMENT ON TABLE search_index IS 'read by programs that were there before search_builds; dropped in a later version';

-- +goose Down
DROP TABLE search_builds;
ALTER TABLE search_segments DROP version;
ALTER TABLE search_fresh DROP version;
