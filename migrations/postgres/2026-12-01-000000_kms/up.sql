CREATE SEQUENCE kms_secret_ids;
CREATE SEQUENCE kms_key_ids;

-- How many secrets and keys an account has in a region: a scope, ACCOUNT/REGION. A count is the sum of its slots, so that
-- writers of one scope need not wait for each other.
CREATE TABLE kms_counts (
    scope   TEXT   NOT NULL,
    slot    BIGINT NOT NULL,
    secrets BIGINT NOT NULL,
    keys    BIGINT NOT NULL,
    PRIMARY KEY (scope, slot)
);

-- The key is also the order of lists.
CREATE TABLE kms_secrets (
    scope             TEXT   NOT NULL,
    id                BIGINT NOT NULL,
    uid               TEXT   NOT NULL,
    name              TEXT   NOT NULL,
    secret_type       TEXT   NOT NULL,
    description       TEXT,
    encryption_key    TEXT,
    instance          TEXT,
    extended_config   TEXT,
    policy            TEXT,
    rotation          TEXT   NOT NULL,
    rotation_interval BIGINT,
    last_rotation_at  BIGINT,
    next_rotation_at  BIGINT,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    delete_at         BIGINT,
    PRIMARY KEY (scope, id),
    UNIQUE (scope, name)
);
-- What is due; rows that never are take no room here.
CREATE INDEX kms_secrets_to_delete ON kms_secrets (delete_at) WHERE delete_at IS NOT NULL;
CREATE INDEX kms_secrets_to_rotate ON kms_secrets (next_rotation_at, scope, id)
    WHERE next_rotation_at IS NOT NULL AND delete_at IS NULL;
CREATE INDEX kms_secrets_of_instances ON kms_secrets (scope, instance) WHERE instance IS NOT NULL;
CREATE INDEX kms_secrets_of_keys ON kms_secrets (scope, encryption_key) WHERE encryption_key IS NOT NULL;

-- The data key is wrapped by a key of the database, or else by a version of one of the keys below.
CREATE TABLE kms_versions (
    scope       TEXT   NOT NULL,
    secret_id   BIGINT NOT NULL,
    number      BIGINT NOT NULL,
    version_id  TEXT   NOT NULL,
    data_type   TEXT   NOT NULL,
    stages      TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    key_id      TEXT REFERENCES keys (id),
    key_version TEXT,
    data_key    BYTEA   NOT NULL,
    payload     BYTEA   NOT NULL,
    PRIMARY KEY (scope, secret_id, number),
    CHECK ((key_id IS NULL) <> (key_version IS NULL))
);

-- How many rotations an account has asked for in the hour that began then.
CREATE TABLE kms_rotations (
    account TEXT   NOT NULL PRIMARY KEY,
    since   BIGINT NOT NULL,
    count   BIGINT NOT NULL
);

-- Tags of secrets and keys, found by their resource and by what they say.
CREATE TABLE kms_tags (
    scope       TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    resource_id BIGINT NOT NULL,
    tag_key     TEXT   NOT NULL,
    tag_value   TEXT   NOT NULL,
    PRIMARY KEY (scope, kind, resource_id, tag_key)
);
-- Each ends with the order in which what it finds is listed.
CREATE INDEX kms_tags_by_key ON kms_tags (scope, kind, tag_key, resource_id);
CREATE INDEX kms_tags_by_value ON kms_tags (scope, kind, tag_value, resource_id);
CREATE INDEX kms_tags_by_tag ON kms_tags (scope, kind, tag_key, tag_value, resource_id);

CREATE TABLE kms_keys (
    scope             TEXT   NOT NULL,
    id                BIGINT NOT NULL,
    uid               TEXT   NOT NULL,
    key_id            TEXT   NOT NULL,
    spec              TEXT   NOT NULL,
    usage             TEXT   NOT NULL,
    origin            TEXT   NOT NULL,
    protection        TEXT   NOT NULL,
    state             TEXT   NOT NULL,
    description       TEXT   NOT NULL,
    creator           TEXT   NOT NULL,
    instance          TEXT,
    policy            TEXT,
    rotation_interval BIGINT,
    last_rotation_at  BIGINT,
    next_rotation_at  BIGINT,
    created_at        BIGINT NOT NULL,
    delete_at         BIGINT,
    PRIMARY KEY (scope, id),
    UNIQUE (scope, key_id)
);
CREATE INDEX kms_keys_to_delete ON kms_keys (delete_at) WHERE delete_at IS NOT NULL;
CREATE INDEX kms_keys_to_rotate ON kms_keys (next_rotation_at) WHERE next_rotation_at IS NOT NULL AND state = 'Enabled';
-- All that lists of keys are filtered by.
CREATE INDEX kms_keys_by_state ON kms_keys (scope, state, id, spec, usage, protection, instance, delete_at);

-- Keys that are no more, and that secrets named then.
CREATE TABLE kms_deleted_keys (
    scope      TEXT   NOT NULL,
    key_id     TEXT   NOT NULL,
    deleted_at BIGINT NOT NULL,
    PRIMARY KEY (scope, key_id)
);

-- The material of keys, each wrapped by a key of the database.
CREATE TABLE kms_key_versions (
    scope      TEXT   NOT NULL,
    kms_key    BIGINT NOT NULL,
    number     BIGINT NOT NULL,
    version_id TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    key_id     TEXT   NOT NULL REFERENCES keys (id),
    data_key   BYTEA   NOT NULL,
    PRIMARY KEY (scope, kms_key, number)
);

CREATE TABLE kms_aliases (
    scope      TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    kms_key    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (scope, name)
);
CREATE INDEX kms_aliases_of_keys ON kms_aliases (scope, kms_key);
