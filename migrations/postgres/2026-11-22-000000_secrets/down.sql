DROP TABLE namespaces;
DROP SEQUENCE secret_ids;
DROP TABLE counters;
