-- name: Postings :many
-- The rows without a term say which of the segments exist still.
SELECT segment_id, term, data FROM search_postings WHERE segment_id = ANY(@segments::bigint[]) AND term = ANY(@terms::text[])
UNION ALL
SELECT id, '', ''::bytea FROM search_segments WHERE id = ANY(@segments::bigint[]);
