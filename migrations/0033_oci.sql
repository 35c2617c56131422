-- Blobs that OCI clients sent to a repository ("default/artifact/team/weights") and that no manifest refers to yet, by the
-- digest that the client knows: "sha256:…" or "sha512:…"; content is the SHA-256. Once a manifest has been accepted, the files
-- of its version say who may read what; a digest that is not a SHA-256 keeps its row with pushed_at 0, which opens nothing by
-- itself (src/registry/oci_blob.h). The MAC covers the row (src/registry/row_note.h).
CREATE TABLE oci_blob (
  repository TEXT NOT NULL, digest TEXT NOT NULL, workspace TEXT NOT NULL, content TEXT NOT NULL, size BIGINT NOT NULL,
  pushed_at BIGINT NOT NULL, pushed_by TEXT NOT NULL, mac TEXT NOT NULL DEFAULT '', PRIMARY KEY (repository, digest)
) $CLUSTERED;
CREATE INDEX oci_blob_content ON oci_blob (content);
CREATE INDEX oci_blob_workspace ON oci_blob (workspace, digest);
CREATE INDEX oci_blob_pushed ON oci_blob (pushed_at);
-- Uploads that are under way (src/registry/oci_upload.h): what arrived so far are blobs of their own, in order.
CREATE TABLE oci_upload (
  id TEXT NOT NULL PRIMARY KEY, repository TEXT NOT NULL, workspace TEXT NOT NULL, actor TEXT NOT NULL, size BIGINT NOT NULL,
  pieces BIGINT NOT NULL, touched_at BIGINT NOT NULL
);
CREATE INDEX oci_upload_actor ON oci_upload (actor);
CREATE INDEX oci_upload_touched ON oci_upload (touched_at);
CREATE TABLE oci_upload_piece (
  upload TEXT NOT NULL REFERENCES oci_upload (id) ON DELETE CASCADE, start BIGINT NOT NULL, digest TEXT NOT NULL,
  size BIGINT NOT NULL, PRIMARY KEY (upload, start)
) $CLUSTERED;
CREATE INDEX oci_upload_piece_digest ON oci_upload_piece (digest);
-- The manifests that name a manifest as their subject.
CREATE INDEX version_tag_subject ON version_tag (value) WHERE key = 'oci.manifest.subject';
