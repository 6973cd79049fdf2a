-- Counters that outlive what they count: an id once given is never given again.
CREATE TABLE counters (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL CHECK (value >= 0)
);
INSERT INTO counters (name, value) VALUES ('secret_id', 0), ('custom_namespaces', 0);

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

CREATE TABLE secrets (
    id           BIGINT NOT NULL PRIMARY KEY,
    namespace_id TEXT   NOT NULL REFERENCES namespaces (id),
    name         TEXT   NOT NULL,
    secret_type  TEXT   NOT NULL,
    payload      BLOB   NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    UNIQUE (namespace_id, name)
);
CREATE INDEX secrets_by_namespace ON secrets (namespace_id, id);
