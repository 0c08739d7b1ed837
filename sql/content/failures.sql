-- name: SaveFailure :one
-- The wait doubles with each try, from five minutes to a day. A failure while the page waits (a run fetched it for
-- another reason) counts too.
INSERT INTO page_failures (source_id, page_id, type, title, url, error, next_try_at)
VALUES (@source_id, @page_id, @type, @title, @url, @error, now() + interval '5 minutes')
ON CONFLICT (source_id, page_id) DO UPDATE SET
    type = excluded.type, title = excluded.title, url = excluded.url, error = excluded.error,
    tries = page_failures.tries + 1, last_at = now(),
    next_try_at = now() + least(interval '1 day', interval '5 minutes' * power(2, least(page_failures.tries, 12)))
RETURNING tries;

-- name: DueFailures :many
SELECT page_id, type, title, last_at FROM page_failures
WHERE source_id = @source_id AND (next_try_at <= now() OR @all_of_them::boolean) ORDER BY page_id;

-- name: ClearFailures :exec
DELETE FROM page_failures WHERE source_id = @source_id AND page_id = ANY(@ids::text[]);

-- name: ListFailures :many
SELECT page_id, title, url, error, tries, first_at, last_at, next_try_at FROM page_failures
WHERE source_id = @source_id AND page_id > @after ORDER BY page_id LIMIT @most;

-- name: AddPending :exec
INSERT INTO pending_deletions (source_id, page_id, reason)
SELECT @source_id, unnest(@ids::text[]), unnest(@reasons::text[])
ON CONFLICT (source_id, page_id) DO UPDATE SET reason = excluded.reason;

-- name: KeepPending :exec
-- Pages that are no longer missing need no decision.
DELETE FROM pending_deletions WHERE source_id = @source_id AND NOT (page_id = ANY(@ids::text[]));

-- name: ReleasePending :exec
-- Pages that were kept for a reason that is none any more.
DELETE FROM pending_deletions WHERE source_id = @source_id AND reason = @reason AND page_id = ANY(@ids::text[]);

-- name: ListPending :many
SELECT d.page_id, p.title, p.url, d.reason, d.since
FROM pending_deletions d JOIN confluence_pages p USING (source_id, page_id)
WHERE d.source_id = @source_id AND d.page_id > @after ORDER BY d.page_id LIMIT @most;
