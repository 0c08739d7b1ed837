-- What was there before 00008 counted. That had to wait for whoever was writing chunks, so this sees all that it did not.
-- One statement is one state of the database: what has been counted since is in both sums, and no lock is needed.

-- +goose Up
INSERT INTO chunk_counts (source_id, chunks, unembedded)
SELECT k.source_id, k.chunks - coalesce(c.chunks, 0), k.unembedded - coalesce(c.unembedded, 0)
FROM (SELECT source_id, count(*) AS chunks, count(*) FILTER (WHERE embedding IS NULL) AS unembedded FROM chunks GROUP BY source_id) k
LEFT JOIN (SELECT source_id, sum(chunks) AS chunks, sum(unembedded) AS unembedded FROM chunk_counts GROUP BY source_id) c USING (source_id);

-- +goose Down
TRUNCATE chunk_counts;
