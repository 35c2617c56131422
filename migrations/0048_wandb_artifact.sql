-- Artifacts of W&B's clients that are being made (src/api/wandb/artifact_record.h). input: JSON as the client sent it;
-- manifests: MD5s of the lists of files, as blob_alias names them; version: the one that was made of it, 0: none yet.
CREATE TABLE wandb_draft (
  id $ID,
  workspace TEXT NOT NULL,
  asset_kind TEXT NOT NULL,
  asset_name TEXT NOT NULL,
  client_id TEXT NOT NULL,
  distributed TEXT NOT NULL,
  input TEXT NOT NULL,
  manifests TEXT NOT NULL DEFAULT '[]',
  version BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL
);
CREATE INDEX wandb_draft_client ON wandb_draft (workspace, client_id);

-- What W&B's clients know of a version beside what every version has. digest: of the manifest, as W&B computes it;
-- refs: entries of the manifest that are kept elsewhere, JSON; source: the version that this one is a link to, 0: none.
CREATE TABLE wandb_version (
  version BIGINT PRIMARY KEY REFERENCES version (id) ON DELETE CASCADE,
  type TEXT NOT NULL,
  digest TEXT NOT NULL,
  metadata TEXT NOT NULL,
  refs TEXT NOT NULL,
  step BIGINT NOT NULL,
  source BIGINT NOT NULL DEFAULT 0
);
