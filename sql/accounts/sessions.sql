-- name: InsertSession :one
INSERT INTO user_sessions (id, user_id, address, user_agent, created_at, last_seen_at)
VALUES (@id, @user_id, @address, @user_agent, @at, @at)
RETURNING id, user_id, address, user_agent, created_at, last_seen_at;

-- name: ListSessions :many
SELECT id, user_id, address, user_agent, created_at, last_seen_at
FROM user_sessions
WHERE user_id = @user_id AND last_seen_at > @idle_since AND created_at > @created_since
ORDER BY last_seen_at DESC, id
LIMIT 1000;

-- name: GetSession :one
SELECT id, user_id, address, user_agent, created_at, last_seen_at
FROM user_sessions
WHERE id = @id;

-- name: FindSession :one
SELECT s.last_seen_at, u.id AS user_id, u.email, u.name, u.role
FROM user_sessions AS s
JOIN users AS u ON u.id = s.user_id
WHERE s.id = @id AND s.last_seen_at > @idle_since AND s.created_at > @created_since;

-- name: TouchSession :exec
UPDATE user_sessions SET last_seen_at = @at, address = @address WHERE id = @id;

-- name: DeleteSession :execrows
DELETE FROM user_sessions WHERE id = @id;

-- name: DeleteOtherSessions :execrows
DELETE FROM user_sessions WHERE user_id = @user_id AND id <> @keep;
