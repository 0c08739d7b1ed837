-- name: InsertLink :one
INSERT INTO account_links (id, kind, email, name, role, user_id, hash, created_by, expires_at)
VALUES (@id, @kind, @email, @name, @role, @user_id, @hash, @created_by, @expires_at)
RETURNING id, kind, email, name, role, user_id, created_by, created_at, expires_at;

-- name: ListLinks :many
SELECT id, kind, email, name, role, user_id, created_by, created_at, expires_at
FROM account_links
WHERE expires_at > @now
ORDER BY created_at DESC, id
LIMIT 1000;

-- name: FindLink :one
SELECT id, kind, email, name, role, user_id, created_by, created_at, expires_at
FROM account_links
WHERE hash = @hash AND expires_at > @now;

-- name: TakeLink :one
-- Deleting is what makes a link one-time: of two who use it together, one finds nothing.
DELETE FROM account_links
WHERE hash = @hash AND expires_at > @now
RETURNING id, kind, email, name, role, user_id, created_by, created_at, expires_at;

-- name: DeleteLink :one
DELETE FROM account_links WHERE id = @id
RETURNING id, kind, email, name, role, user_id, created_by, created_at, expires_at;

-- name: DeleteLinksFor :exec
DELETE FROM account_links WHERE lower(email) = lower(@email);
