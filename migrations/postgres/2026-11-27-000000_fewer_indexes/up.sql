-- The unique index finds a namespace's secrets as well, and whoever lists them puts them in order. Each index is a page more
-- to be written for each secret that is made.
-- Servers of the version before may be at work: nobody waits long behind this, and it is tried again.
SET LOCAL lock_timeout = 1000;
DROP INDEX secrets_by_namespace;
