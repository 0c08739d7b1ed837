-- name: ChunkHashes :many
SELECT id, hash, chunk_number, url, anchor FROM chunks
WHERE page_id = @page_id AND source_id = @source_id ORDER BY chunk_number, id;

-- name: ReserveChunkIDs :many
-- COPY cannot return the ids it gives, so they are drawn first.
SELECT nextval(pg_get_serial_sequence('chunks', 'id')) FROM generate_series(1, @n::int);

-- name: CopyChunks :copyfrom
INSERT INTO chunks (id, source_id, url, chunk_number, title, heading_path, section_title, anchor, content, body_text, hash, metadata, text_config)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: DeleteChunks :exec
DELETE FROM chunks WHERE id = ANY(@ids::bigint[]);

-- name: PlaceChunks :exec
-- Kept chunks whose place or address changed.
UPDATE chunks k SET chunk_number = n.number, url = n.url, anchor = n.anchor
FROM (SELECT unnest(@ids::bigint[]) AS id, unnest(@numbers::int[]) AS number, unnest(@urls::text[]) AS url, unnest(@anchors::text[]) AS anchor) n
WHERE k.id = n.id;

-- name: DeletePageChunks :many
DELETE FROM chunks WHERE source_id = @source_id AND page_id = @page_id RETURNING id;
