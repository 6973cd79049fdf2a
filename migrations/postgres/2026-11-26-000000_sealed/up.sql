-- Values were never in clear on this engine, so the counter of what may be left of them is zero, and nothing is sealed anew.
-- 'rotating' is not zero while a rotation of the keys goes on. Its row is also what a start, a rotation and the retiring of
-- a key lock, so that there is one of them at a time.
INSERT INTO counters (name, value) VALUES ('unsealed_remains', 0), ('rotating', 0);

-- The keys that wrap data keys, each wrapped by a master key, which is never kept here.
CREATE TABLE keys (
    id         TEXT    NOT NULL PRIMARY KEY,
    master_key TEXT    NOT NULL,
    wrapped    BYTEA   NOT NULL,
    is_current BOOLEAN NOT NULL,
    created_at BIGINT  NOT NULL
);
CREATE UNIQUE INDEX one_current_key ON keys (is_current) WHERE is_current;

CREATE TABLE secrets (
    id           BIGINT NOT NULL PRIMARY KEY,
    uid          TEXT   NOT NULL,
    namespace_id TEXT   NOT NULL REFERENCES namespaces (id),
    name         TEXT   NOT NULL,
    secret_type  TEXT   NOT NULL,
    version      BIGINT NOT NULL CHECK (version > 0),
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    key_id       TEXT   NOT NULL REFERENCES keys (id),
    data_key     BYTEA  NOT NULL,
    payload      BYTEA  NOT NULL,
    UNIQUE (namespace_id, name)
);
CREATE INDEX secrets_by_namespace ON secrets (namespace_id, id);
