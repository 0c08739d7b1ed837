-- Search. The words of chunks live in an inverted index of immutable segments, written as ordinary rows, so that they
-- become visible, vanish and are backed up together with the chunks: a page's transaction puts the words of its new
-- chunks into search_fresh; maintenance folds them into segments and merges segments, as search engines do. Readers keep
-- caches of what cannot change and ask for what did by transaction id, which misses nothing that commits late.

-- +goose Up
-- Words of chunks that are in no segment yet.
CREATE TABLE search_fresh (
    chunk_id  bigint PRIMARY KEY,
    source_id text NOT NULL,
    page_id   text NOT NULL,
    words     bytea NOT NULL,                          -- internal/search/inverted writes and reads it
    changed   bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint)
);
CREATE INDEX search_fresh_changed ON search_fresh (changed);

-- Chunks that are gone but may still stand in a segment or in a reader's cache.
CREATE TABLE search_removed (
    chunk_id bigint NOT NULL,
    changed  bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint)
);
CREATE INDEX search_removed_changed ON search_removed (changed);
CREATE INDEX search_removed_chunk ON search_removed (chunk_id);

CREATE TABLE search_segments (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    docs       int NOT NULL,                           -- chunks in it
    removed    int NOT NULL DEFAULT 0,                 -- of them gone, when maintenance last looked
    header     bytea NOT NULL,                         -- its chunks, their pages and lengths; vocabulary; headings
    created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE search_segments ALTER header SET STORAGE EXTERNAL;

-- Which chunks of a segment have a term, and how often. Long lists are read whole: kept as they are, not compressed.
CREATE TABLE search_postings (
    segment_id bigint NOT NULL REFERENCES search_segments (id) ON DELETE CASCADE,
    term       text COLLATE "C" NOT NULL,
    data       bytea NOT NULL,
    PRIMARY KEY (segment_id, term)
);
ALTER TABLE search_postings ALTER data SET STORAGE EXTERNAL;

-- By which version of the analysis the index was written; one row.
CREATE TABLE search_index (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    version int NOT NULL
);

-- Whatever deletes chunks (a new version of a page, the page, its source), the index learns of it in that transaction.
-- +goose StatementBegin
CREATE FUNCTION search_chunks_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_removed (chunk_id) SELECT id FROM gone;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER search_removed AFTER DELETE ON chunks
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION search_chunks_removed();

-- When something that search filters, counts or shows of a page last changed, as a transaction id.
-- In two steps, because a default that is not constant would write the whole table anew while nobody may read it.
ALTER TABLE confluence_pages ADD search_changed bigint NOT NULL DEFAULT 0;
ALTER TABLE confluence_pages ALTER search_changed SET DEFAULT (pg_current_xact_id()::text::bigint);
CREATE INDEX confluence_pages_search_changed ON confluence_pages (search_changed);
-- +goose StatementBegin
CREATE FUNCTION search_page_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search_changed := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER search_changed BEFORE UPDATE ON confluence_pages FOR EACH ROW
    WHEN ((OLD.space_key, OLD.type, OLD.title, OLD.url, OLD.last_modified, OLD.ancestor_ids, OLD.author_id, OLD.author_name,
           OLD.labels, OLD.jira_keys, OLD.restricted, OLD.is_deleted, OLD.chunk_count, OLD.content_hash)
        IS DISTINCT FROM
          (NEW.space_key, NEW.type, NEW.title, NEW.url, NEW.last_modified, NEW.ancestor_ids, NEW.author_id, NEW.author_name,
           NEW.labels, NEW.jira_keys, NEW.restricted, NEW.is_deleted, NEW.chunk_count, NEW.content_hash))
    EXECUTE FUNCTION search_page_changed();

-- +goose Down
DROP TRIGGER search_changed ON confluence_pages;
DROP FUNCTION search_page_changed();
ALTER TABLE confluence_pages DROP search_changed;
DROP TRIGGER search_removed ON chunks;
DROP FUNCTION search_chunks_removed();
DROP TABLE search_index, search_postings, search_segments, search_removed, search_fresh;
