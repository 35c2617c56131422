-- Names that content clients have for blobs: "md5:…" and "md5:….dir" of DVC, "lfs:…" of Git LFS. Each workspace has its own,
-- so that knowing another workspace's digest opens nothing. The MAC covers the row (src/registry/row_note.h).
CREATE TABLE blob_alias (
  workspace TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, size BIGINT NOT NULL, created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL, mac TEXT NOT NULL DEFAULT '', PRIMARY KEY (workspace, name)
) $CLUSTERED;
CREATE INDEX blob_alias_digest ON blob_alias (digest);
