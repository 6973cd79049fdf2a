DROP TABLE secrets;
DROP TABLE keys;
DROP TABLE namespaces;
DROP SEQUENCE secret_ids;
DROP TABLE counters;
