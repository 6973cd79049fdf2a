-- No column has a collation of its own, since some engines of this kind refuse one. Names and ids are only ever compared
-- for being equal, which every collation does by bytes; what is shown in order is put in order by the program.

-- Counters that outlive what they count. 'rotating' is not zero while a rotation of the keys goes on. Its row is also what a
-- start, a rotation and the retiring of a key lock, so that there is one of them at a time.
CREATE TABLE counters (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL CHECK (value >= 0)
);
INSERT INTO counters (name, value) VALUES ('custom_namespaces', 0), ('rotating', 0);

-- The numbers of secrets. A counter's row would be locked by each writer until its commit.
CREATE SEQUENCE secret_ids;

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
    wrapped    BYTEA   NOT NULL,
    is_current BOOLEAN NOT NULL,
    created_at BIGINT  NOT NULL
);
CREATE UNIQUE INDEX one_current_key ON keys (is_current) WHERE is_current;

-- Both keys begin with the namespace, so that the table can be partitioned by it. The unique one finds a namespace's
-- secrets as well: each further index is one more page to be written for each new secret.
CREATE TABLE secrets (
    namespace_id TEXT   NOT NULL REFERENCES namespaces (id),
    id           BIGINT NOT NULL,
    uid          TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    secret_type  TEXT   NOT NULL,
    version      BIGINT NOT NULL CHECK (version > 0),
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    key_id       TEXT   NOT NULL REFERENCES keys (id),
    data_key     BYTEA  NOT NULL,
    payload      BYTEA  NOT NULL,
    PRIMARY KEY (namespace_id, id),
    UNIQUE (namespace_id, name)
);
