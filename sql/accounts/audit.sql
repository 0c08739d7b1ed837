-- name: InsertAudit :exec
INSERT INTO audit_log (actor_id, actor, action, subject, detail, address)
VALUES (@actor_id, @actor, @action, @subject, @detail, @address);

-- name: ListAudit :many
-- Newest first, keyset by id: stable while entries are added. An action that ends in a dot stands for its family.
SELECT id, at, actor_id, actor, action, subject, detail, address
FROM audit_log
WHERE (sqlc.narg(before_id)::bigint IS NULL OR id < sqlc.narg(before_id))
  AND (sqlc.narg(after)::timestamptz IS NULL OR at >= sqlc.narg(after))
  AND (sqlc.narg(before)::timestamptz IS NULL OR at < sqlc.narg(before))
  AND (@actor::text = '' OR lower(actor) = lower(@actor))
  AND (@action::text = '' OR action = @action OR (right(@action, 1) = '.' AND starts_with(action, @action)))
  AND (@subject::text = '' OR subject = @subject)
ORDER BY id DESC
LIMIT @max_rows;
