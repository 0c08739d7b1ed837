-- name: EnsureThrottles :exec
INSERT INTO throttles (key, failures, last_at)
SELECT k, 0, @now FROM unnest(@keys::text[]) AS k ORDER BY k
ON CONFLICT (key) DO NOTHING;

-- name: LockThrottles :many
-- Locked in key order, so that two tries wait for each other instead of deadlocking.
SELECT key, failures, last_at, blocked_until
FROM throttles
WHERE key = ANY (@keys::text[])
ORDER BY key
FOR UPDATE;

-- name: UpdateThrottle :exec
UPDATE throttles
SET failures = @failures, last_at = @last_at, blocked_until = @blocked_until
WHERE key = @key;
