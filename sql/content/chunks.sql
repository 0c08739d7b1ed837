-- name: ChunkHashes :many
SELECT page_id, id, hash, chunk_number, url, anchor FROM chunks
WHERE page_id = ANY(@ids::text[]) AND source_id = @source_id ORDER BY page_id, chunk_number, id;

-- name: AddChunks :many
-- One statement for all chunks of many pages, and the ids come back with it; COPY would need two, and gives none.
INSERT INTO chunks (source_id, url, chunk_number, title, heading_path, section_title, anchor, content, body_text, hash, metadata, text_config)
SELECT @source_id::text, n.url, n.chunk_number, n.title, n.heading_path, n.section_title, n.anchor, n.content, n.body_text, n.hash,
    jsonb_build_object('page_id', n.page_id, 'section_title', n.section_title), n.text_config
FROM (SELECT unnest(@page_ids::text[]) AS page_id, unnest(@urls::text[]) AS url, unnest(@numbers::int[]) AS chunk_number,
    unnest(@titles::text[]) AS title, unnest(@heading_paths::text[]) AS heading_path, unnest(@section_titles::text[]) AS section_title,
    unnest(@anchors::text[]) AS anchor, unnest(@contents::text[]) AS content, unnest(@body_texts::text[]) AS body_text,
    unnest(@hashes::bytea[]) AS hash, unnest(@text_configs::text[]) AS text_config) n
RETURNING id, page_id, chunk_number;

-- name: DeleteChunks :exec
DELETE FROM chunks WHERE id = ANY(@ids::bigint[]);

-- name: PlaceChunks :exec
-- Kept chunks whose place or address changed.
UPDATE chunks k SET chunk_number = n.number, url = n.url, anchor = n.anchor
FROM (SELECT unnest(@ids::bigint[]) AS id, unnest(@numbers::int[]) AS number, unnest(@urls::text[]) AS url, unnest(@anchors::text[]) AS anchor) n
WHERE k.id = n.id;

-- name: DeletePageChunks :execrows
DELETE FROM chunks WHERE source_id = @source_id AND page_id = ANY(@ids::text[]);
