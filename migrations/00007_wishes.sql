-- What is asked of a source while a run is going must outlive that run.

-- +goose Up
-- How often a comparison was asked for. A run that succeeds takes the wish of its beginning for granted, not a later one.
ALTER TABLE sources ADD COLUMN wishes int NOT NULL DEFAULT 0;
-- The text search configuration that the page's chunks were made with. Where it is not its source's any more the page is made
-- again, whichever run wrote it and when. null: as the source was when this column came.
ALTER TABLE confluence_pages ADD COLUMN text_config text;

-- +goose Down
ALTER TABLE confluence_pages DROP COLUMN text_config;
ALTER TABLE sources DROP COLUMN wishes;
