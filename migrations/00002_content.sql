-- Connections, sources, pages, chunks, sync runs: what is synced, what is stored, and how it went.

-- +goose Up
CREATE TABLE connections (
    id            text PRIMARY KEY,
    name          text NOT NULL,
    base_url      text NOT NULL,                       -- normalised; with base_url equal, page ids speak of the same page
    deployment    text NOT NULL CHECK (deployment IN ('cloud', 'datacenter')),
    email         text NOT NULL DEFAULT '',
    account_id    text NOT NULL DEFAULT '',            -- whom the site took the credentials for
    token_sealed  bytea NOT NULL,                      -- encrypted with the program's secret key; never leaves the server
    jira_base_url text NOT NULL DEFAULT '',
    jira_projects text[] NOT NULL DEFAULT '{}',        -- set by an admin; empty: learned, see jira_projects below
    problem       text NOT NULL DEFAULT '',
    checked_at    timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (base_url, email, account_id)
);

-- The contract's keys of a Confluence source live in metadata and only there; what the program needs beside them has
-- columns of its own.
CREATE TABLE sources (
    source_id        text PRIMARY KEY,
    source_type      text NOT NULL DEFAULT 'confluence',
    name             text NOT NULL,
    connection_id    text REFERENCES connections (id) ON DELETE RESTRICT,
    space_id         text NOT NULL DEFAULT '',         -- identity of the space on Cloud; empty until the first run, and on Data Center
    space_url        text NOT NULL DEFAULT '',
    homepage_id      text NOT NULL DEFAULT '',
    metadata         jsonb NOT NULL DEFAULT '{}',
    restricted_pages text NOT NULL DEFAULT 'skip' CHECK (restricted_pages IN ('skip', 'include')),
    text_config      text NOT NULL DEFAULT 'english',  -- a text search configuration of this server
    guard_percent    int NOT NULL DEFAULT 10 CHECK (guard_percent BETWEEN 0 AND 100),
    guard_minimum    int NOT NULL DEFAULT 20 CHECK (guard_minimum >= 0),
    paused           boolean NOT NULL DEFAULT false,
    next_sync_at     timestamptz,                      -- when the scheduler starts the next run; null: not by itself
    -- Set while every page is to be fetched again: pages stored since then are done. Survives a crash of the run.
    full_since       timestamptz,
    reconcile_wanted boolean NOT NULL DEFAULT false,   -- a run saw signs of drift; the next one compares the whole space
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CHECK (jsonb_typeof(metadata) = 'object')
);
CREATE INDEX sources_connection ON sources (connection_id);
CREATE INDEX sources_due ON sources (next_sync_at) WHERE NOT paused;

CREATE TABLE confluence_pages (
    source_id         text NOT NULL REFERENCES sources (source_id) ON DELETE CASCADE,
    page_id           text NOT NULL,
    space_key         text NOT NULL,
    type              text NOT NULL DEFAULT 'page',    -- page, blogpost
    title             text NOT NULL,
    url               text NOT NULL DEFAULT '',
    version           int NOT NULL,
    version_at        timestamptz NOT NULL,
    last_modified     timestamptz NOT NULL,
    parent_id         text NOT NULL DEFAULT '',
    parent_type       text NOT NULL DEFAULT '',
    position          int NOT NULL DEFAULT 0,
    path              text NOT NULL,                   -- /ancestor/…/page, root first, folders included
    ancestor_ids      text[] NOT NULL DEFAULT '{}',    -- root first, without the page itself
    breadcrumb        jsonb NOT NULL DEFAULT '[]',     -- [{id,type,title,url}], root first
    author_id         text NOT NULL DEFAULT '',        -- who made the stored version
    author_name       text NOT NULL DEFAULT '',
    created_by_id     text NOT NULL DEFAULT '',
    created_by_name   text NOT NULL DEFAULT '',
    labels            text[] NOT NULL DEFAULT '{}',
    jira_keys         text[] NOT NULL DEFAULT '{}',
    markdown          text NOT NULL DEFAULT '',
    own_restricted    boolean NOT NULL DEFAULT false,
    restricted        boolean NOT NULL DEFAULT false,  -- own_restricted, or an ancestor is
    is_deleted        boolean NOT NULL DEFAULT false,
    deleted_at        timestamptz,
    deleted_reason    text NOT NULL DEFAULT '',
    chunk_count       int NOT NULL DEFAULT 0,
    converter_version int NOT NULL DEFAULT 0,
    content_hash      bytea,                           -- sha256 of the storage format that the chunks were made of
    metadata          jsonb NOT NULL DEFAULT '{}',
    synced_at         timestamptz NOT NULL DEFAULT now(),
    created_at        timestamptz NOT NULL,            -- on the site
    updated_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source_id, page_id)
);
-- Pages keep lists and counts up to date by changing few columns often; room on the page keeps that update in place.
ALTER TABLE confluence_pages SET (fillfactor = 85);
CREATE INDEX confluence_pages_source ON confluence_pages (source_id, title, page_id) WHERE NOT is_deleted;
CREATE INDEX confluence_pages_space ON confluence_pages (space_key) WHERE NOT is_deleted;
CREATE INDEX confluence_pages_id ON confluence_pages (page_id);
CREATE INDEX confluence_pages_parent ON confluence_pages (source_id, parent_id, position) WHERE NOT is_deleted;
CREATE INDEX confluence_pages_path ON confluence_pages (path text_pattern_ops);
CREATE INDEX confluence_pages_title ON confluence_pages (source_id, lower(title)) WHERE NOT is_deleted;
CREATE INDEX confluence_pages_jira_links ON confluence_pages USING gin ((metadata -> 'jira_issue_links') jsonb_path_ops);
CREATE INDEX confluence_pages_mentions ON confluence_pages USING gin ((metadata -> 'user_mentions') jsonb_path_ops);
CREATE INDEX confluence_pages_internal_links ON confluence_pages USING gin ((metadata -> 'internal_links') jsonb_path_ops);
-- The few pages that show parts of others: asked for with every page that is stored.
CREATE INDEX confluence_pages_includers ON confluence_pages (source_id)
    WHERE NOT is_deleted AND metadata -> 'internal_links' @> '[{"kind": "include"}]';
CREATE INDEX confluence_pages_jira_keys ON confluence_pages USING gin (jira_keys);
CREATE INDEX confluence_pages_labels ON confluence_pages USING gin (labels);
CREATE INDEX confluence_pages_ancestors ON confluence_pages USING gin (ancestor_ids);

-- The storage format as it came, compressed (zstd), so that a better converter can be applied without the site.
CREATE TABLE page_bodies (
    source_id  text NOT NULL,
    page_id    text NOT NULL,
    storage    bytea NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source_id, page_id),
    FOREIGN KEY (source_id, page_id) REFERENCES confluence_pages (source_id, page_id) ON DELETE CASCADE
);
ALTER TABLE page_bodies ALTER storage SET STORAGE EXTERNAL;

-- One table for the chunks of all kinds of source. page_id stands in metadata by contract; the generated column lets an
-- index and foreign tables use it. There is no foreign key to confluence_pages, because other kinds of source have
-- other tables of pages.
CREATE TABLE chunks (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id       text NOT NULL REFERENCES sources (source_id) ON DELETE CASCADE,
    page_id         text NOT NULL GENERATED ALWAYS AS (metadata ->> 'page_id') STORED,
    url             text NOT NULL DEFAULT '',
    chunk_number    int NOT NULL,                      -- order within the page, with gaps, so that an insertion moves nobody
    title           text NOT NULL DEFAULT '',          -- of the page
    heading_path    text NOT NULL DEFAULT '',          -- joined by " > "
    section_title   text NOT NULL DEFAULT '',
    anchor          text NOT NULL DEFAULT '',
    content         text NOT NULL,                     -- Markdown
    body_text       text NOT NULL DEFAULT '',          -- plain text, for words and vectors
    hash            bytea NOT NULL,                    -- sha256 of what words and vectors are made of
    metadata        jsonb NOT NULL,
    text_config     text NOT NULL DEFAULT 'english',
    embedding       halfvec,
    embedding_model text,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX chunks_page ON chunks (page_id, source_id, chunk_number);
CREATE INDEX chunks_source ON chunks (source_id);
CREATE INDEX chunks_unembedded ON chunks (source_id, id DESC) WHERE embedding IS NULL;

-- What the tree of a space holds beside stored pages: folders and other ancestors without text, and pages that are
-- left out because their reading is restricted. Their restrictions are inherited by what is below.
CREATE TABLE tree_nodes (
    source_id      text NOT NULL REFERENCES sources (source_id) ON DELETE CASCADE,
    node_id        text NOT NULL,
    type           text NOT NULL,
    title          text NOT NULL DEFAULT '',
    parent_id      text NOT NULL DEFAULT '',
    parent_type    text NOT NULL DEFAULT '',
    own_restricted boolean NOT NULL,
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source_id, node_id)
);

CREATE TABLE sync_runs (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id       text NOT NULL REFERENCES sources (source_id) ON DELETE CASCADE,
    trigger         text NOT NULL CHECK (trigger IN ('schedule', 'manual', 'api', 'cli')),
    kind            text NOT NULL DEFAULT 'sync' CHECK (kind IN ('sync', 'reprocess')),
    reconcile       boolean NOT NULL DEFAULT false,
    full_sync       boolean NOT NULL DEFAULT false,
    state           text NOT NULL DEFAULT 'queued'
                    CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    phase           text NOT NULL DEFAULT 'discovering'
                    CHECK (phase IN ('discovering', 'syncing', 'reconciling', 'done')),
    job_id          bigint,                            -- River's; the run is what people are shown
    attempt         int NOT NULL DEFAULT 0,            -- how many workers took it up; the latest alone may write
    worker          text NOT NULL DEFAULT '',
    heartbeat_at    timestamptz,
    stop_requested  text NOT NULL DEFAULT '',          -- '', 'cancel' or 'pause'; read with every progress write
    total           int NOT NULL DEFAULT 0,
    processed       int NOT NULL DEFAULT 0,
    pages_listed    int NOT NULL DEFAULT 0,
    pages_created   int NOT NULL DEFAULT 0,
    pages_updated   int NOT NULL DEFAULT 0,
    pages_unchanged int NOT NULL DEFAULT 0,
    pages_skipped   int NOT NULL DEFAULT 0,
    pages_deleted   int NOT NULL DEFAULT 0,
    pages_failed    int NOT NULL DEFAULT 0,
    chunks_created  int NOT NULL DEFAULT 0,
    chunks_kept     int NOT NULL DEFAULT 0,
    chunks_deleted  int NOT NULL DEFAULT 0,
    api_calls       int NOT NULL DEFAULT 0,
    api_errors      int NOT NULL DEFAULT 0,
    api_retries     int NOT NULL DEFAULT 0,
    bytes_received  bigint NOT NULL DEFAULT 0,
    skipped_reasons jsonb NOT NULL DEFAULT '{}',       -- reason → pages
    phase_seconds   jsonb NOT NULL DEFAULT '{}',
    current_title   text NOT NULL DEFAULT '',
    eta_seconds     int,
    note            text NOT NULL DEFAULT '',
    error           text NOT NULL DEFAULT '',
    interrupted     boolean NOT NULL DEFAULT false,
    watermark_from  timestamptz,
    watermark_to    timestamptz,
    queued_at       timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    finished_at     timestamptz,
    updated_at      timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE sync_runs SET (fillfactor = 70);
CREATE INDEX sync_runs_source ON sync_runs (source_id, id DESC);
-- One run per source at a time, across all replicas: the schema says so, whoever asks.
CREATE UNIQUE INDEX sync_runs_active ON sync_runs (source_id) WHERE state IN ('queued', 'running');
CREATE INDEX sync_runs_finished ON sync_runs (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE sync_run_errors (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id  bigint NOT NULL REFERENCES sync_runs (id) ON DELETE CASCADE,
    page_id text NOT NULL,
    title   text NOT NULL DEFAULT '',
    error   text NOT NULL,
    at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sync_run_errors_run ON sync_run_errors (run_id, id);

CREATE TABLE sync_run_log (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id  bigint NOT NULL REFERENCES sync_runs (id) ON DELETE CASCADE,
    level   text NOT NULL DEFAULT 'info',
    message text NOT NULL,
    at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sync_run_log_run ON sync_run_log (run_id, id);

-- Pages that could not be stored, tried again by later runs whether or not they change.
CREATE TABLE page_failures (
    source_id   text NOT NULL REFERENCES sources (source_id) ON DELETE CASCADE,
    page_id     text NOT NULL,
    type        text NOT NULL DEFAULT 'page',
    title       text NOT NULL DEFAULT '',
    url         text NOT NULL DEFAULT '',
    error       text NOT NULL,
    tries       int NOT NULL DEFAULT 1,
    first_at    timestamptz NOT NULL DEFAULT now(),
    last_at     timestamptz NOT NULL DEFAULT now(),
    next_try_at timestamptz NOT NULL,
    PRIMARY KEY (source_id, page_id)
);

-- Pages that the guard keeps although the site no longer lists them, until an admin decides.
CREATE TABLE pending_deletions (
    source_id text NOT NULL,
    page_id   text NOT NULL,
    reason    text NOT NULL,
    since     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source_id, page_id),
    FOREIGN KEY (source_id, page_id) REFERENCES confluence_pages (source_id, page_id) ON DELETE CASCADE
);

-- Names of people, per site account: mentions and authors are stored as ids by Confluence.
CREATE TABLE site_users (
    connection_id text NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    user_id       text NOT NULL,
    display_name  text NOT NULL,
    active        boolean NOT NULL DEFAULT true,
    fetched_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection_id, user_id)
);

-- JIRA projects that macros or issue addresses have named, so that "OPS-12" in plain text is known for a key and
-- "UTF-8" is not.
CREATE TABLE jira_projects (
    connection_id text NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    project_key   text NOT NULL,
    first_seen    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection_id, project_key)
);

-- +goose Down
DROP TABLE jira_projects, site_users, pending_deletions, page_failures, sync_run_log, sync_run_errors, sync_runs,
    tree_nodes, chunks, page_bodies, confluence_pages, sources, connections;
