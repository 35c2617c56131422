-- Git: the repository of a workspace's prompts. Objects lie in packs, which are blobs; refs say what is reached.
CREATE TABLE git_pack (
  workspace TEXT NOT NULL REFERENCES workspace (name) ON DELETE CASCADE, digest TEXT NOT NULL, size BIGINT NOT NULL,
  objects BIGINT NOT NULL, added_at BIGINT NOT NULL, PRIMARY KEY (workspace, digest)
) $CLUSTERED;
-- peeled: the commit behind an annotated tag, else empty.
CREATE TABLE git_ref (
  workspace TEXT NOT NULL REFERENCES workspace (name) ON DELETE CASCADE, name TEXT NOT NULL, target TEXT NOT NULL,
  peeled TEXT NOT NULL, moved_at BIGINT NOT NULL, moved_by TEXT NOT NULL, PRIMARY KEY (workspace, name)
) $CLUSTERED;
-- What the branch main says: its version files with the digest of what they say, and its aliases files. They change in
-- one transaction with main, so that whatever was registered otherwise is found by a join.
CREATE TABLE git_file (
  workspace TEXT NOT NULL REFERENCES workspace (name) ON DELETE CASCADE, name TEXT NOT NULL, semver TEXT NOT NULL,
  digest TEXT NOT NULL, PRIMARY KEY (workspace, name, semver)
) $CLUSTERED;
CREATE TABLE git_alias (
  workspace TEXT NOT NULL REFERENCES workspace (name) ON DELETE CASCADE, name TEXT NOT NULL, alias TEXT NOT NULL,
  semver TEXT NOT NULL, PRIMARY KEY (workspace, name, alias)
) $CLUSTERED;
