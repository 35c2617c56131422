-- Where an experiment's files lie: a path in the workspace's artifact tree, an absolute path of the server's machine, or '#' for
-- another place. It follows from artifact_location; NULL until the server has looked.
ALTER TABLE experiment ADD COLUMN folder TEXT;
CREATE INDEX experiment_folder ON experiment (folder);
-- Who uploaded a blob: may name it in a version of their own. Others read a blob through what it is a file of.
CREATE TABLE blob_upload (
  workspace TEXT NOT NULL, digest TEXT NOT NULL, actor TEXT NOT NULL, at BIGINT NOT NULL,
  PRIMARY KEY (workspace, digest, actor)
) $CLUSTERED;
CREATE INDEX version_file_digest ON version_file (digest);
-- The digest of a version's run at the moment when the version was registered.
CREATE TABLE version_cited_run (
  version BIGINT PRIMARY KEY REFERENCES version (id) ON DELETE CASCADE, digest TEXT NOT NULL
);
