-- name: Passages :many
-- The Markdown only where there may be code in it.
SELECT k.id, k.url, k.section_title, k.anchor, k.body_text, p.breadcrumb,
    (CASE WHEN strpos(k.content, '`') > 0 OR strpos(k.content, '~~~') > 0 THEN k.content ELSE '' END)::text AS markdown
FROM chunks k JOIN confluence_pages p ON p.source_id = k.source_id AND p.page_id = k.page_id AND NOT p.is_deleted
WHERE k.id = ANY(@ids::bigint[]);

-- name: BodyTexts :many
-- What a phrase is looked up in.
SELECT id, title, heading_path, body_text FROM chunks WHERE id = ANY(@ids::bigint[]);
