DROP TABLE secrets;
DROP TABLE keys;
DROP TABLE namespaces;
DROP TABLE counters;
