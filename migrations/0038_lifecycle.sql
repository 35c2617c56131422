-- Legal holds: what one covers cannot be deleted, archived or renamed out of it (src/registry/hold.h). asset: row of the
-- held asset, which a rename keeps; 0: every asset that kind and name_pattern match. number: of the held version; 0: all.
CREATE TABLE legal_hold (
  id $ID, workspace TEXT NOT NULL, kind TEXT NOT NULL, name_pattern TEXT NOT NULL, asset BIGINT NOT NULL,
  number BIGINT NOT NULL, reason TEXT NOT NULL, placed_at BIGINT NOT NULL, placed_by TEXT NOT NULL,
  lifted_at BIGINT NOT NULL, lifted_by TEXT NOT NULL, lift_reason TEXT NOT NULL
);
CREATE INDEX legal_hold_asset ON legal_hold (workspace, lifted_at, asset);
-- When the version was archived (src/registry/archive.h), in milliseconds; 0: it is not.
ALTER TABLE version ADD COLUMN archived_at BIGINT NOT NULL DEFAULT 0;
-- Bytes of an upload: they count against the workspace's quota until it becomes part of something. 0: an earlier upload.
ALTER TABLE blob_upload ADD COLUMN size BIGINT NOT NULL DEFAULT 0;
