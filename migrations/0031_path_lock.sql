-- Files that somebody is working on, as Git LFS clients ask for it (src/registry/path_lock.h). Advisory.
CREATE TABLE path_lock (
  id $ID, workspace TEXT NOT NULL, path TEXT NOT NULL, owner TEXT NOT NULL, locked_at BIGINT NOT NULL,
  UNIQUE (workspace, path)
);
