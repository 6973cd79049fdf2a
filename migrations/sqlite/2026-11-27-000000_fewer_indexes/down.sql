CREATE INDEX secrets_by_namespace ON secrets (namespace_id, id);
