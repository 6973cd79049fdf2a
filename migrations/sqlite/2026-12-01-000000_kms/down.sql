DROP TABLE kms_aliases;
DROP TABLE kms_key_versions;
DROP TABLE kms_keys;
DROP TABLE kms_tags;
DROP TABLE kms_rotations;
DROP TABLE kms_versions;
DROP TABLE kms_secrets;
DROP TABLE kms_counts;
DELETE FROM counters WHERE name IN ('kms_secret', 'kms_key');
