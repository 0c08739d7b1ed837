-- name: ServerVersion :one
-- Asked, like what follows, before there is a schema.
SELECT current_setting('server_version_num')::int AS number, current_setting('server_version')::text AS version;

-- name: VectorVersion :one
-- The version of pgvector that is installed in the database, else the one that would be.
SELECT coalesce(installed_version, default_version)::text AS version
FROM pg_available_extensions WHERE name = 'vector';

-- name: LockQueueMigration :exec
-- River takes no lock of its own around its migrations.
SELECT pg_advisory_xact_lock(hashtext('sluice river migration'));

-- name: Facts :one
SELECT current_setting('server_version')::text AS server,
    coalesce((SELECT installed_version FROM pg_available_extensions WHERE name = 'vector'), 'missing')::text AS vector,
    pg_database_size(current_database())::bigint AS bytes;

-- name: WrittenTo :one
-- How far the server has written its log, to compare a replica with. A replica asked by mistake says how far it has read.
SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END)::text AS written;

-- name: Behind :one
-- Whether the server is a replica, and how many bytes of the log up to a position it has not replayed.
SELECT pg_is_in_recovery()::boolean AS replica,
    coalesce(CASE WHEN pg_is_in_recovery() THEN greatest(pg_wal_lsn_diff(CAST(sqlc.arg(written)::text AS pg_lsn), pg_last_wal_replay_lsn()), 0) END, 0)::bigint AS bytes;
