-- name: ListPages :many
SELECT p.page_id, p.source_id, p.space_key, p.title, p.type, p.url, p.parent_id, p.path, p.version, p.last_modified, p.author_name,
    p.labels, p.restricted, p.is_deleted, p.chunk_count, p.synced_at,
    EXISTS (SELECT 1 FROM confluence_pages c WHERE c.source_id = p.source_id AND c.ancestor_ids @> ARRAY[p.page_id] AND NOT c.is_deleted) AS has_children,
    EXISTS (SELECT 1 FROM page_failures f WHERE f.source_id = p.source_id AND f.page_id = p.page_id) AS failed
FROM confluence_pages p
WHERE p.source_id = @source_id
  AND (sqlc.narg('under')::text IS NULL OR p.ancestor_ids @> ARRAY[sqlc.narg('under')::text])
  -- Children: the nearest stored page above is the parent, so that what lies in its folders counts as its own.
  AND (sqlc.narg('parent')::text IS NULL OR p.ancestor_ids @> ARRAY[sqlc.narg('parent')::text] AND sqlc.narg('parent') = (
        SELECT a.page_id FROM confluence_pages a
        WHERE a.source_id = p.source_id AND a.page_id = ANY(p.ancestor_ids) AND NOT a.is_deleted
        ORDER BY cardinality(a.ancestor_ids) DESC LIMIT 1))
  AND (NOT @hide_restricted::boolean OR NOT p.restricted)
  -- Roots: pages above which no stored page stands; what is below a folder at the top counts.
  AND (NOT @roots::boolean OR NOT EXISTS (
        SELECT 1 FROM confluence_pages a WHERE a.source_id = p.source_id AND a.page_id = ANY(p.ancestor_ids) AND NOT a.is_deleted))
  AND (@query::text = '' OR strpos(lower(p.title), lower(@query)) > 0)
  AND CASE @status::text
        WHEN 'deleted' THEN p.is_deleted
        WHEN 'failed' THEN EXISTS (SELECT 1 FROM page_failures f WHERE f.source_id = p.source_id AND f.page_id = p.page_id)
        WHEN 'all' THEN true
        ELSE NOT p.is_deleted END
  AND (p.title, p.page_id) > (@after_title::text, @after_id::text)
ORDER BY p.title, p.page_id
LIMIT @most;

-- name: ReadPage :one
SELECT p.page_id, p.source_id, p.space_key, p.title, p.type, p.url, p.parent_id, p.path, p.version, p.last_modified, p.author_name,
    p.created_by_name, p.created_at, p.labels, p.restricted, p.is_deleted, p.chunk_count, p.synced_at, p.breadcrumb, p.metadata,
    p.markdown, EXISTS (SELECT 1 FROM page_failures f WHERE f.source_id = p.source_id AND f.page_id = p.page_id) AS failed, c.jira_base_url
FROM confluence_pages p
JOIN sources s ON s.source_id = p.source_id
JOIN connections c ON c.id = s.connection_id
WHERE p.source_id = @source_id AND p.page_id = @page_id;

-- name: SourcesOfPage :many
SELECT source_id FROM confluence_pages WHERE page_id = @page_id ORDER BY is_deleted, source_id;

-- name: LinksIn :many
SELECT p.page_id, p.title, p.url FROM confluence_pages p
WHERE p.metadata -> 'internal_links' @> jsonb_build_array(jsonb_build_object('page_id', @page_id::text))
  AND p.source_id IN (
    SELECT s.source_id FROM sources s JOIN connections c ON c.id = s.connection_id
    WHERE c.base_url = (SELECT o.base_url FROM connections o JOIN sources t ON t.connection_id = o.id WHERE t.source_id = @source_id))
  AND NOT p.is_deleted AND NOT p.restricted
ORDER BY p.title, p.page_id LIMIT 50;
