-- name: GetSetting :one
SELECT value FROM instance_settings WHERE key = @key;

-- name: PutSetting :exec
INSERT INTO instance_settings (key, value)
VALUES (@key, @value)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now();

-- name: InsertSearches :copyfrom
INSERT INTO search_log (at, query, mode, spaces, total, took_ms, degraded)
VALUES (@at, @query, @mode, @spaces, @total, @took_ms, @degraded);

-- name: TopQueries :many
SELECT lower(query) AS query, count(*) AS searches, count(*) FILTER (WHERE total = 0) AS without_result,
    max(at)::timestamptz AS last_at
FROM search_log
WHERE at >= @since
  AND (@space::text = '' OR @space = ANY (spaces))
  AND (NOT @without_result::boolean OR total = 0)
GROUP BY lower(query)
ORDER BY count(*) DESC, max(at) DESC, lower(query)
LIMIT @max_rows;

-- name: SearchDays :many
SELECT date_trunc('day', at, 'UTC')::timestamptz AS day, count(*) AS searches,
    count(*) FILTER (WHERE total = 0) AS without_result,
    count(*) FILTER (WHERE degraded) AS degraded,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY took_ms)::float8 AS median_ms
FROM search_log
WHERE at >= @since
GROUP BY 1
ORDER BY 1;

-- name: SearchSpaces :many
SELECT space::text AS space, count(*) AS searches, count(*) FILTER (WHERE total = 0) AS without_result
FROM search_log, unnest(spaces) AS space
WHERE at >= @since
GROUP BY space
ORDER BY count(*) DESC, space
LIMIT @max_rows;

-- name: DeleteSearches :exec
DELETE FROM search_log;
