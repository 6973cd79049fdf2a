-- Counters that outlive what they count: an id once given is never given again. 'rotating' is not zero while a rotation of
-- the keys goes on. Its row is also what a start, a rotation and the retiring of a key lock, so that there is one of them at
-- a time.
CREATE TABLE counters (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL CHECK (value >= 0)
);
INSERT INTO counters (name, value) VALUES ('secret_id', 0), ('custom_namespaces', 0), ('rotating', 0);

-- secret_count stands beside the rows it counts so that a quota costs the same at any size.
CREATE TABLE namespaces (
    id                 TEXT    NOT NULL PRIMARY KEY,
    name               TEXT    NOT NULL,
    description        TEXT    NOT NULL,
    micro_registration BOOLEAN NOT NULL,
    secret_count       BIGINT  NOT NULL CHECK (secret_count >= 0),
    created_at         BIGINT  NOT NULL,
    updated_at         BIGINT  NOT NULL
);

-- The keys that wrap data keys, each wrapped by a master key, which is never kept here.
CREATE TABLE keys (
    id         TEXT    NOT NULL PRIMARY KEY,
    master_key TEXT    NOT NULL,
    wrapped    BLOB    NOT NULL,
    is_current BOOLEAN NOT NULL,
    created_at BIGINT  NOT NULL
);
CREATE UNIQUE INDEX one_current_key ON keys (is_current) WHERE is_current;

-- The unique index finds a namespace's secrets as well, and the program puts lists in order: each further index is one more
-- page to be written for each new secret.
CREATE TABLE secrets (
    namespace_id TEXT    NOT NULL REFERENCES namespaces (id),
    -- By this word SQLite makes it the number of the row itself, which saves an index.
    id           INTEGER NOT NULL PRIMARY KEY,
    uid          TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    secret_type  TEXT    NOT NULL,
    version      BIGINT  NOT NULL CHECK (version > 0),
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    key_id       TEXT    NOT NULL REFERENCES keys (id),
    data_key     BLOB    NOT NULL,
    payload      BLOB    NOT NULL,
    UNIQUE (namespace_id, name)
);
