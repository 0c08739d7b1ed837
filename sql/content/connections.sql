-- name: InsertConnection :exec
INSERT INTO connections (id, name, base_url, deployment, email, account_id, token_sealed, jira_base_url, jira_projects, checked_at)
VALUES (@id, @name, @base_url, @deployment, @email, @account_id, @token_sealed, @jira_base_url, @jira_projects, now());

-- name: ListConnections :many
SELECT c.id, c.name, c.base_url, c.deployment, c.email, c.account_id, c.token_sealed, c.jira_base_url, c.jira_projects,
    c.problem, c.checked_at, c.created_at,
    (SELECT count(*) FROM sources s WHERE s.connection_id = c.id)::int AS sources
FROM connections c
WHERE sqlc.narg('id')::text IS NULL OR c.id = sqlc.narg('id')
ORDER BY c.created_at, c.id;

-- name: FindConnection :one
SELECT id FROM connections
WHERE base_url = @base_url AND account_id = @account_id AND lower(email) = lower(@email)
ORDER BY created_at LIMIT 1;

-- name: UpdateConnection :execrows
UPDATE connections SET
    name = coalesce(sqlc.narg('name'), name),
    email = coalesce(sqlc.narg('email'), email),
    account_id = coalesce(sqlc.narg('account_id'), account_id),
    token_sealed = coalesce(sqlc.narg('token_sealed'), token_sealed),
    jira_base_url = coalesce(sqlc.narg('jira_base_url'), jira_base_url),
    jira_projects = coalesce(sqlc.narg('jira_projects')::text[], jira_projects),
    updated_at = now()
WHERE id = @id;

-- name: SetConnectionProblem :exec
UPDATE connections SET problem = @problem, checked_at = now() WHERE id = @id;

-- name: DeleteUnusedConnection :exec
-- A connection without sources is of no use to anybody, and its token should not lie about.
DELETE FROM connections c WHERE c.id = @id AND NOT EXISTS (SELECT 1 FROM sources s WHERE s.connection_id = c.id);

-- name: UserNames :many
SELECT user_id, display_name, fetched_at FROM site_users WHERE connection_id = @connection_id AND user_id = ANY(@ids::text[]);

-- name: SaveUsers :exec
INSERT INTO site_users (connection_id, user_id, display_name, active)
SELECT @connection_id, unnest(@ids::text[]), unnest(@names::text[]), unnest(@active::boolean[])
ON CONFLICT (connection_id, user_id) DO UPDATE
SET display_name = excluded.display_name, active = excluded.active, fetched_at = now();

-- name: JiraProjects :many
SELECT project_key FROM jira_projects WHERE connection_id = @connection_id ORDER BY project_key;

-- name: AddJiraProjects :many
-- Returns those that were not known.
INSERT INTO jira_projects (connection_id, project_key) SELECT @connection_id, unnest(@keys::text[]) ON CONFLICT DO NOTHING
RETURNING project_key;

-- name: StaleByProjects :exec
-- Pages whose text may hold keys of projects that were not known when they were made, and, once the first project is
-- known, those whose keys were told by the stop list alone, are to be made again.
UPDATE confluence_pages p SET converter_version = 0
FROM sources s
WHERE s.source_id = p.source_id AND s.connection_id = @connection_id::text AND NOT p.is_deleted AND p.converter_version <> 0
  AND (p.markdown ~ @pattern::text OR @first::boolean AND p.metadata -> 'jira_issue_links' @> '[{"tier": 3}]');
