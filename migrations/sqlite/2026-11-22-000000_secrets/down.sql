DROP TABLE secrets;
DROP TABLE namespaces;
DROP TABLE counters;
