-- What was imported from other systems (src/api/import): an item of a source by the source's id, what it became here, and
-- the digest of what was read, so that a later import sends only what is new. Which source is a name that the importer gives.
CREATE TABLE import_item (
  workspace TEXT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL, item TEXT NOT NULL, target TEXT NOT NULL,
  digest TEXT NOT NULL, imported_at BIGINT NOT NULL, PRIMARY KEY (workspace, source, kind, item)
) $CLUSTERED;
