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
