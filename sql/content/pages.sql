-- name: BeginBatch :one
-- Is the run still its worker's? Commits of this transaction do not wait for the disk: a crash of the server loses pages
-- only together with the claim that they are stored, since the watermark's own commit, which comes last, waits for all
-- that is before it. Plans are made for the tables as they are now: one that was made while they were empty would be kept,
-- and go through all of a table that has grown since, for every batch.
SELECT set_config('synchronous_commit', 'off', true) AS commits, set_config('plan_cache_mode', 'force_custom_plan', true) AS plans,
    (@run_id::bigint = 0 OR EXISTS (SELECT 1 FROM sync_runs WHERE id = @run_id AND attempt = @attempt AND state = 'running'))::boolean AS own;

-- name: PlanOnce :exec
-- From here on statements insert, whose plans depend on nothing: neither theirs nor those of the foreign keys' checks are
-- made again and again.
SELECT set_config('plan_cache_mode', 'auto', true);

-- name: LockPages :many
SELECT page_id, version, version_at, is_deleted, synced_at, content_hash, title, restricted FROM confluence_pages
WHERE source_id = @source_id AND page_id = ANY(@ids::text[]) ORDER BY page_id FOR UPDATE;

-- name: UpsertPages :batchexec
-- Restores a deleted page whole: every column is written. Children that are not given are kept, the tree knows them.
INSERT INTO confluence_pages AS p (source_id, page_id, space_key, type, title, url, version, version_at, last_modified,
    parent_id, parent_type, position, path, ancestor_ids, breadcrumb, author_id, author_name, created_by_id, created_by_name,
    labels, jira_keys, markdown, own_restricted, restricted, chunk_count, converter_version, text_config, content_hash, metadata,
    synced_at, created_at)
VALUES (@source_id, @page_id, @space_key, @type, @title, @url, @version, @version_at, @version_at,
    @parent_id, @parent_type, @position, @path, @ancestor_ids, @breadcrumb, @author_id, @author_name, @created_by_id,
    @created_by_name, @labels, @jira_keys, @markdown, @own_restricted, @restricted, @chunk_count, @converter_version,
    @text_config, @content_hash, @metadata, @synced_at, @created_at)
ON CONFLICT (source_id, page_id) DO UPDATE SET
    space_key = excluded.space_key, type = excluded.type, title = excluded.title, url = excluded.url,
    version = excluded.version, version_at = excluded.version_at, last_modified = excluded.last_modified,
    parent_id = excluded.parent_id, parent_type = excluded.parent_type, position = excluded.position,
    path = excluded.path, ancestor_ids = excluded.ancestor_ids, breadcrumb = excluded.breadcrumb,
    author_id = excluded.author_id, author_name = excluded.author_name,
    created_by_id = excluded.created_by_id, created_by_name = excluded.created_by_name,
    labels = excluded.labels, jira_keys = excluded.jira_keys, markdown = excluded.markdown,
    own_restricted = excluded.own_restricted, restricted = excluded.restricted, is_deleted = false,
    deleted_at = NULL, deleted_reason = '', chunk_count = excluded.chunk_count,
    converter_version = excluded.converter_version, text_config = excluded.text_config, content_hash = excluded.content_hash,
    metadata = jsonb_build_object('children', coalesce(p.metadata -> 'children', '[]'::jsonb)) || excluded.metadata,
    synced_at = excluded.synced_at, created_at = excluded.created_at, updated_at = now();

-- name: SaveBodies :exec
INSERT INTO page_bodies (source_id, page_id, storage) SELECT @source_id, unnest(@ids::text[]), unnest(@bodies::bytea[])
ON CONFLICT (source_id, page_id) DO UPDATE SET storage = excluded.storage, updated_at = now();

-- name: BodiesByRef :many
-- Bodies of pages of the same site that an include macro names, by id. Only what everybody may read.
SELECT p.page_id, p.space_key, p.title, p.url, b.storage
FROM confluence_pages p
JOIN page_bodies b USING (source_id, page_id)
JOIN sources s ON s.source_id = p.source_id
JOIN connections c ON c.id = s.connection_id
WHERE c.base_url = @base_url AND p.page_id = ANY(@ids::text[]) AND NOT p.is_deleted AND NOT p.restricted;

-- name: StaleIncluders :exec
-- Pages that show a part of these are to be made again: version 0 is no converter's. By title too, because a page may not
-- have been known when they were made. A page that includes itself shows nothing of itself.
UPDATE confluence_pages p SET converter_version = 0
FROM sources s JOIN connections c ON c.id = s.connection_id
WHERE s.source_id = p.source_id AND NOT p.is_deleted AND p.converter_version <> 0
  AND p.metadata -> 'internal_links' @> '[{"kind": "include"}]' -- as in the partial index: this runs for all pages that are stored
  AND c.base_url = (SELECT o.base_url FROM connections o JOIN sources t ON t.connection_id = o.id WHERE t.source_id = @source_id)
  AND EXISTS (
    SELECT FROM jsonb_array_elements(p.metadata -> 'internal_links') AS l (link), confluence_pages i
    WHERE link ->> 'kind' = 'include' AND i.source_id = @source_id AND i.page_id = ANY(@ids::text[]) AND i.page_id <> p.page_id
      AND (link ->> 'page_id' = i.page_id OR link ->> 'space_key' = i.space_key AND link ->> 'title' = i.title));

-- name: HidePages :many
-- From everybody but admins. Returns those that were shown until now.
UPDATE confluence_pages SET restricted = true, updated_at = now()
WHERE source_id = @source_id AND page_id = ANY(@ids::text[]) AND NOT is_deleted AND NOT restricted
RETURNING page_id;

-- name: SoftDelete :many
-- Keeps the rows, marked; the chunks and bodies are deleted beside. Returns what was live until now.
UPDATE confluence_pages SET is_deleted = true, deleted_at = now(), deleted_reason = @reason, chunk_count = 0, markdown = '',
    content_hash = NULL, updated_at = now()
WHERE source_id = @source_id AND page_id = ANY(@ids::text[]) AND NOT is_deleted
RETURNING page_id;

-- name: DeleteBodies :exec
DELETE FROM page_bodies WHERE source_id = @source_id AND page_id = ANY(@ids::text[]);

-- name: DeletePending :exec
DELETE FROM pending_deletions WHERE source_id = @source_id AND page_id = ANY(@ids::text[]);

-- name: SettlePages :many
-- Pages that have been stored wait for no other try and no decision. Returns where other sources of the same site hold
-- them: they moved here from there. The pages are looked for first, by their ids: what is rare is found by what is rare.
WITH tried AS (DELETE FROM page_failures f WHERE f.source_id = @source_id AND f.page_id = ANY(@ids::text[])),
    decided AS (DELETE FROM pending_deletions d WHERE d.source_id = @source_id AND d.page_id = ANY(@ids::text[])),
    held AS MATERIALIZED (SELECT p.source_id, p.page_id FROM confluence_pages p
        WHERE p.page_id = ANY(@ids::text[]) AND p.source_id <> @source_id AND NOT p.is_deleted)
SELECT h.source_id, h.page_id FROM held h
JOIN sources s ON s.source_id = h.source_id
JOIN connections c ON c.id = s.connection_id
WHERE c.base_url = (SELECT o.base_url FROM connections o JOIN sources t ON t.connection_id = o.id WHERE t.source_id = @source_id)
ORDER BY h.source_id, h.page_id;

-- name: PageStates :many
-- What a listing is compared with.
SELECT page_id, type, version, version_at, title, url, parent_id, parent_type, position, space_key, author_id, own_restricted,
    restricted, labels, is_deleted, synced_at, converter_version
FROM confluence_pages
WHERE source_id = @source_id AND (sqlc.narg('ids')::text[] IS NULL OR page_id = ANY(sqlc.narg('ids')::text[]))
ORDER BY page_id;

-- name: UpdateMeta :execrows
-- What no version number covers. The chunks stay as they are.
UPDATE confluence_pages SET parent_id = @parent_id, parent_type = @parent_type, position = @position, url = @url,
    labels = @labels, own_restricted = @own_restricted,
    metadata = metadata || jsonb_build_object('labels', to_jsonb(@labels::text[])), updated_at = now()
WHERE source_id = @source_id AND page_id = @page_id AND NOT is_deleted;

-- name: ChunkURLs :exec
UPDATE chunks SET url = @url::text || CASE WHEN strpos(url, '#') > 0 THEN substr(url, strpos(url, '#')) ELSE '' END
WHERE source_id = @source_id AND page_id = @page_id;

-- name: FindTitles :many
-- Pages of a site by space and title, for links that name their target so.
SELECT p.page_id, p.space_key, p.title, p.url
FROM (SELECT DISTINCT unnest(@space_keys::text[]) AS space_key, unnest(@titles::text[]) AS title) w
JOIN connections c ON c.base_url = @base_url
JOIN sources s ON s.connection_id = c.id AND lower(s.metadata ->> 'confluence_space_key') = lower(w.space_key)
JOIN confluence_pages p ON p.source_id = s.source_id AND lower(p.title) = lower(w.title) AND NOT p.is_deleted;

-- name: FindIDs :many
SELECT p.page_id, p.space_key, p.title, p.url
FROM confluence_pages p
JOIN sources s ON s.source_id = p.source_id
JOIN connections c ON c.id = s.connection_id
WHERE c.base_url = @base_url AND p.page_id = ANY(@ids::text[]) AND NOT p.is_deleted;

-- name: PagesToReprocess :many
SELECT p.page_id FROM confluence_pages p JOIN sources s USING (source_id)
WHERE p.source_id = @source_id AND NOT p.is_deleted AND p.page_id > @after
  AND (p.converter_version <> @version OR p.text_config <> s.text_config OR @everything::boolean)
ORDER BY p.page_id LIMIT @most;

-- name: CountToReprocess :one
SELECT count(*)::int FROM confluence_pages p JOIN sources s USING (source_id)
WHERE p.source_id = @source_id AND NOT p.is_deleted
  AND (p.converter_version <> @version OR p.text_config <> s.text_config OR @everything::boolean);

-- name: StoredInputs :many
-- All that a stored page was made of, to make it again.
SELECT p.page_id, p.type, p.title, p.url, p.version, p.version_at, p.parent_id, p.parent_type, p.position, p.path, p.ancestor_ids,
    p.breadcrumb, p.author_id, p.created_by_id, p.labels, p.own_restricted, p.restricted, p.created_at, p.synced_at,
    p.space_key, p.metadata, b.storage
FROM confluence_pages p JOIN page_bodies b USING (source_id, page_id)
WHERE p.source_id = @source_id AND p.page_id = ANY(@ids::text[]) AND NOT p.is_deleted
ORDER BY p.page_id;

-- name: CountLive :one
SELECT count(*)::int FROM confluence_pages WHERE source_id = @source_id AND NOT is_deleted;

-- name: SetAssets :exec
UPDATE confluence_pages SET metadata = metadata || jsonb_build_object('asset_links', @assets::jsonb), updated_at = now()
WHERE source_id = @source_id AND page_id = @page_id AND NOT is_deleted;

-- name: LiveIDs :many
SELECT page_id FROM confluence_pages WHERE source_id = @source_id AND NOT is_deleted ORDER BY page_id;
