-- The unique index finds a namespace's secrets as well, and whoever lists them puts them in order. Each index is a page more
-- to be written for each secret that is made.
DROP INDEX secrets_by_namespace;
