-- name: TreePages :many
SELECT page_id, type, title, url, parent_id, parent_type, position, own_restricted, restricted, path, breadcrumb,
    coalesce(metadata -> 'children', '[]')::jsonb AS children
FROM confluence_pages WHERE source_id = @source_id AND NOT is_deleted ORDER BY page_id;

-- name: TreeNodes :many
SELECT node_id, type, title, parent_id, parent_type, own_restricted FROM tree_nodes WHERE source_id = @source_id ORDER BY node_id;

-- name: SaveNodes :exec
INSERT INTO tree_nodes (source_id, node_id, type, title, parent_id, parent_type, own_restricted)
SELECT @source_id, unnest(@ids::text[]), unnest(@types::text[]), unnest(@titles::text[]), unnest(@parent_ids::text[]),
    unnest(@parent_types::text[]), unnest(@restricted::boolean[])
ON CONFLICT (source_id, node_id) DO UPDATE SET type = excluded.type, title = excluded.title, parent_id = excluded.parent_id,
    parent_type = excluded.parent_type, own_restricted = excluded.own_restricted, updated_at = now();

-- name: KeepNodes :exec
-- After a comparison of the whole space: nodes that are no page's ancestor any more go.
DELETE FROM tree_nodes WHERE source_id = @source_id AND NOT (node_id = ANY(@ids::text[]));

-- name: OtherRestrictions :many
-- Pages of which the given value is not the stored one.
SELECT p.page_id FROM confluence_pages p
JOIN (SELECT unnest(@ids::text[]) AS page_id, unnest(@restricted::boolean[]) AS restricted) n USING (page_id)
WHERE p.source_id = @source_id AND NOT p.is_deleted AND p.restricted <> n.restricted ORDER BY p.page_id;

-- name: MovePages :exec
-- Paths, breadcrumbs and what is inherited, of many pages at once.
UPDATE confluence_pages p SET path = n.path, breadcrumb = n.breadcrumb, restricted = n.restricted,
    ancestor_ids = ARRAY(SELECT b ->> 'id' FROM jsonb_array_elements(n.breadcrumb) WITH ORDINALITY AS e (b, nth) ORDER BY e.nth),
    metadata = p.metadata || jsonb_build_object('ancestors', n.breadcrumb, 'children', n.children), updated_at = now()
FROM (SELECT unnest(@ids::text[]) AS page_id, unnest(@paths::text[]) AS path, unnest(@breadcrumbs::jsonb[]) AS breadcrumb,
    unnest(@children::jsonb[]) AS children, unnest(@restricted::boolean[]) AS restricted) n
WHERE p.source_id = @source_id AND p.page_id = n.page_id;
