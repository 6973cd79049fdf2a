-- The statements of one CreateSecret, in their order, for pgbench: what PostgreSQL alone can do of it on this machine.
-- They are those that the server sends; the values have the sizes that its values have. Only the SET LOCAL is left out, which
-- the server sends in one message with its BEGIN, and pgbench could not. pgbench takes a colon for the beginning of a
-- variable even in a text, so that one is written \x3a.
\set place random(0, 255)
\set name random(1, 9000000000000000000)
BEGIN;
UPDATE namespaces SET secret_count = secret_count + 1
    WHERE id = E'cn-beijing\x3aroom' || lpad(:place::text, 3, '0') AND secret_count < 1000000;
SELECT nextval('secret_ids') AS number, id AS key FROM keys WHERE is_current = true \gset
INSERT INTO secrets
    (id, uid, namespace_id, name, secret_type, version, created_at, updated_at, key_id, data_key, payload)
    VALUES (:number, '00000000-0000-4000-8000-000000000000', E'cn-beijing\x3aroom' || lpad(:place::text, 3, '0'),
        'pgbench-' || :name::text, 'Opaque', 1, 1800000000000, 1800000000000, :key::text,
        decode(repeat('5a', 61), 'hex'), decode(repeat('5a', 259), 'hex'));
COMMIT;
