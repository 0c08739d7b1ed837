-- +goose Up
-- Accounts, what signs them in, and what is kept about their use. Secrets (API tokens, one-time links, session cookies)
-- are stored as SHA-256 only: they are long random strings, which need no slow hash. Passwords are argon2id.

CREATE TABLE users (
    id              text PRIMARY KEY,
    email           text NOT NULL CHECK (email <> ''),
    name            text NOT NULL DEFAULT '',
    role            text NOT NULL CHECK (role IN ('admin', 'reader')),
    password_hash   text NOT NULL, -- argon2id with its parameters; empty: no password yet, signing in is impossible
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    last_sign_in_at timestamptz
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

CREATE TABLE api_tokens (
    id           text PRIMARY KEY,
    user_id      text NOT NULL REFERENCES users ON DELETE CASCADE,
    name         text NOT NULL CHECK (name <> ''),
    role         text NOT NULL CHECK (role IN ('admin', 'reader')),
    prefix       text NOT NULL, -- the first characters, shown so that people recognise a token
    hash         bytea NOT NULL UNIQUE,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    last_used_at timestamptz
);
CREATE INDEX api_tokens_user ON api_tokens (user_id);

-- One row for each signed-in browser: what the person sees and can revoke, and what ends idle sessions.
CREATE TABLE user_sessions (
    id           text PRIMARY KEY,
    user_id      text NOT NULL REFERENCES users ON DELETE CASCADE,
    address      text NOT NULL DEFAULT '',
    user_agent   text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX user_sessions_user ON user_sessions (user_id);
CREATE INDEX user_sessions_last_seen ON user_sessions (last_seen_at);

-- The cookie's session data, in the form that scs's pgxstore reads and writes; the token is hashed by scs.
CREATE TABLE sessions (
    token  text PRIMARY KEY,
    data   bytea NOT NULL,
    expiry timestamptz NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expiry);

-- Where an account has signed in from: such addresses stay welcome while others guess its password.
CREATE TABLE user_addresses (
    user_id text NOT NULL REFERENCES users ON DELETE CASCADE,
    address text NOT NULL,
    last_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, address)
);

-- One-time links: invitations and password resets. A used or revoked link is deleted; the audit log remembers it.
CREATE TABLE account_links (
    id         text PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('invitation', 'password_reset')),
    email      text NOT NULL,
    name       text NOT NULL DEFAULT '',
    role       text NOT NULL CHECK (role IN ('admin', 'reader')),
    user_id    text REFERENCES users ON DELETE CASCADE,
    hash       bytea NOT NULL UNIQUE,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CHECK ((kind = 'password_reset') = (user_id IS NOT NULL))
);

-- Failed tries by key (an account, an address, both together), shared by all replicas.
CREATE TABLE throttles (
    key           text PRIMARY KEY,
    failures      integer NOT NULL,
    last_at       timestamptz NOT NULL,
    blocked_until timestamptz
);
CREATE INDEX throttles_last ON throttles (last_at);

CREATE TABLE audit_log (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    actor_id text NOT NULL DEFAULT '', -- no foreign key: the log outlives the account
    actor    text NOT NULL,            -- e-mail address at that time, or 'system', 'cli'
    action   text NOT NULL,
    subject  text NOT NULL DEFAULT '',
    detail   jsonb NOT NULL DEFAULT '{}',
    address  text NOT NULL DEFAULT ''
);
CREATE INDEX audit_log_at ON audit_log (at);
CREATE INDEX audit_log_actor ON audit_log (lower(actor), id);
CREATE INDEX audit_log_action ON audit_log (action text_pattern_ops, id);

CREATE TABLE instance_settings (
    key        text PRIMARY KEY,
    value      jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
-- Names this installation; not a secret. The set-up code is derived from it and the secret key.
INSERT INTO instance_settings (key, value) VALUES ('instance_id', to_jsonb(gen_random_uuid()::text));

-- What is searched, without a trace of by whom. Kept for 90 days; nothing is written where the setting is off.
CREATE TABLE search_log (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    query    text NOT NULL,
    mode     text NOT NULL,
    spaces   text[] NOT NULL DEFAULT '{}',
    total    integer NOT NULL,
    took_ms  real NOT NULL,
    degraded boolean NOT NULL DEFAULT false
);
CREATE INDEX search_log_at ON search_log (at);

-- Answers to POSTs that carried an Idempotency-Key, for a day. The body is sealed: it may hold a token's secret.
CREATE TABLE idempotency_keys (
    user_id      text NOT NULL,
    key          text NOT NULL,
    request_hash bytea NOT NULL, -- of method, path and body: a key belongs to one request
    status       integer,        -- null while the request is being served
    content_type text NOT NULL DEFAULT '',
    location     text NOT NULL DEFAULT '',
    body         bytea,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- +goose Down
DROP TABLE idempotency_keys, search_log, instance_settings, audit_log, throttles, account_links, user_addresses, sessions,
    user_sessions, api_tokens, users;
