-- No column has a collation of its own, since some engines of this kind refuse one. Names and ids are only ever compared
-- for being equal, which every collation does by bytes; what is shown in order is put in order by the program.

-- Counters that outlive what they count.
CREATE TABLE counters (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL CHECK (value >= 0)
);
INSERT INTO counters (name, value) VALUES ('custom_namespaces', 0);

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
