-- Until now values stood in clear. They are sealed, and this table is dropped, before anything is served: SQL has no keys.
ALTER TABLE secrets RENAME TO unsealed_secrets;
DROP INDEX secrets_by_namespace;

-- Where ids were ever given, values in clear may stand in what the file holds of deleted rows. The counter goes to zero
-- when the file was written anew.
INSERT INTO counters (name, value) SELECT 'unsealed_remains', value FROM counters WHERE name = 'secret_id';

-- Not zero while a rotation of the keys goes on.
INSERT INTO counters (name, value) VALUES ('rotating', 0);

-- The keys that wrap data keys, each wrapped by a master key, which is never kept here.
CREATE TABLE keys (
    id         TEXT    NOT NULL PRIMARY KEY,
    master_key TEXT    NOT NULL,
    wrapped    BLOB    NOT NULL,
    is_current BOOLEAN NOT NULL,
    created_at BIGINT  NOT NULL
);
CREATE UNIQUE INDEX one_current_key ON keys (is_current) WHERE is_current;

CREATE TABLE secrets (
    -- By this word SQLite makes it the number of the row itself, which saves an index.
    id           INTEGER NOT NULL PRIMARY KEY,
    uid          TEXT    NOT NULL,
    namespace_id TEXT    NOT NULL REFERENCES namespaces (id),
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
CREATE INDEX secrets_by_namespace ON secrets (namespace_id, id);
