-- name: InsertToken :one
WITH created AS (
    INSERT INTO api_tokens (id, user_id, name, role, prefix, hash, expires_at)
    VALUES (@id, @user_id, @name, @role, @prefix, @hash, @expires_at)
    RETURNING id, user_id, name, role, prefix, created_at, expires_at, last_used_at
)
SELECT t.id, t.user_id, u.email, t.name, t.role, t.prefix, t.created_at, t.expires_at, t.last_used_at
FROM created AS t
JOIN users AS u ON u.id = t.user_id;

-- name: ListTokens :many
SELECT t.id, t.user_id, u.email, t.name, t.role, t.prefix, t.created_at, t.expires_at, t.last_used_at
FROM api_tokens AS t
JOIN users AS u ON u.id = t.user_id
WHERE @user_id::text = '' OR t.user_id = @user_id
ORDER BY t.created_at DESC, t.id
LIMIT 10000;

-- name: GetToken :one
SELECT t.id, t.user_id, u.email, t.name, t.role, t.prefix, t.created_at, t.expires_at, t.last_used_at
FROM api_tokens AS t
JOIN users AS u ON u.id = t.user_id
WHERE t.id = @id;

-- name: DeleteToken :execrows
DELETE FROM api_tokens WHERE id = @id;

-- name: FindToken :one
SELECT t.id, t.role, t.expires_at, t.last_used_at, u.id AS user_id, u.email, u.name, u.role AS user_role
FROM api_tokens AS t
JOIN users AS u ON u.id = t.user_id
WHERE t.hash = @hash;

-- name: TouchToken :exec
UPDATE api_tokens SET last_used_at = @at WHERE id = @id;
