-- name: ClaimKey :execrows
-- A claim that never got its answer (its process died) may be taken over after a while.
INSERT INTO idempotency_keys (user_id, key, request_hash, created_at)
VALUES (@user_id, @key, @request_hash, @now)
ON CONFLICT (user_id, key) DO UPDATE
SET request_hash = excluded.request_hash, created_at = excluded.created_at, status = NULL, body = NULL,
    content_type = '', location = ''
WHERE (idempotency_keys.status IS NULL AND idempotency_keys.created_at < @abandoned)
   OR idempotency_keys.created_at < @expired;

-- name: GetKey :one
SELECT request_hash, status, content_type, location, body
FROM idempotency_keys
WHERE user_id = @user_id AND key = @key;

-- name: AnswerKey :exec
UPDATE idempotency_keys
SET status = @status, content_type = @content_type, location = @location, body = @body
WHERE user_id = @user_id AND key = @key;

-- name: ReleaseKey :exec
DELETE FROM idempotency_keys WHERE user_id = @user_id AND key = @key;
