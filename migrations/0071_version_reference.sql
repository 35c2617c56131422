-- Content of a version that is kept elsewhere (src/registry/version.h): the version's digest covers these rows. digest: as
-- the client gave it; about: canonical JSON of what else a client needs to load it, '' for nothing.
CREATE TABLE version_reference (
  version BIGINT NOT NULL REFERENCES version (id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  uri TEXT NOT NULL,
  digest TEXT NOT NULL,
  size BIGINT NOT NULL,
  about TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (version, path)
) $CLUSTERED;

-- References moved to version_reference, metadata to a tag of the version: neither was in the ledger.
ALTER TABLE wandb_version DROP COLUMN refs;
ALTER TABLE wandb_version DROP COLUMN metadata;
