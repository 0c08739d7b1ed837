-- name: AnyUser :one
SELECT EXISTS (SELECT 1 FROM users);

-- name: LockUsers :exec
-- Two first visits must not create two first admins, nor two removals leave none.
LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE;

-- name: InsertUser :one
INSERT INTO users (id, email, name, role, password_hash)
VALUES (@id, @email, @name, @role, @password_hash)
RETURNING id, email, name, role, created_at, last_sign_in_at;

-- name: ListUsers :many
SELECT id, email, name, role, created_at, last_sign_in_at
FROM users
ORDER BY lower(email)
LIMIT 10000;

-- name: GetUser :one
SELECT id, email, name, role, created_at, last_sign_in_at
FROM users
WHERE id = @id;

-- name: GetUserByEmail :one
SELECT id, email, name, role, created_at, last_sign_in_at
FROM users
WHERE lower(email) = lower(@email);

-- name: GetPassword :one
SELECT id, password_hash
FROM users
WHERE lower(email) = lower(@email);

-- name: UpdateUser :one
UPDATE users
SET email = @email, name = @name, role = @role, updated_at = now()
WHERE id = @id
RETURNING id, email, name, role, created_at, last_sign_in_at;

-- name: SetPassword :execrows
UPDATE users
SET password_hash = @password_hash, updated_at = now()
WHERE id = @id;

-- name: DeleteUser :execrows
DELETE FROM users WHERE id = @id;

-- name: CountOtherAdmins :one
SELECT count(*) FROM users WHERE role = 'admin' AND id <> @id;

-- name: MarkSignedIn :exec
UPDATE users SET last_sign_in_at = @at WHERE id = @id;

-- name: RememberAddress :exec
INSERT INTO user_addresses (user_id, address, last_at)
VALUES (@user_id, @address, @at)
ON CONFLICT (user_id, address) DO UPDATE SET last_at = excluded.last_at;

-- name: KnowsAddress :one
SELECT EXISTS (
    SELECT 1
    FROM user_addresses AS a
    JOIN users AS u ON u.id = a.user_id
    WHERE lower(u.email) = lower(@email) AND a.address = @address AND a.last_at > @since
);
