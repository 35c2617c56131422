-- Tokens that may sign S3 requests: the id of their key. Its secret is derived (src/access/access_key.cpp) and stored nowhere.
ALTER TABLE service_token ADD COLUMN access_key TEXT NOT NULL DEFAULT '';
CREATE INDEX service_token_access_key ON service_token (access_key);
-- What S3 clients know of a file: its ETag, and the headers they stored with it (src/registry/tree.h).
ALTER TABLE tree_file ADD COLUMN etag TEXT NOT NULL DEFAULT '';
ALTER TABLE tree_file ADD COLUMN about TEXT NOT NULL DEFAULT '';
-- Multipart uploads under way, and those completed lately, whose repetition gets the same answer (src/registry/part_upload.h).
CREATE TABLE part_upload (
  id TEXT PRIMARY KEY, workspace TEXT NOT NULL, path TEXT NOT NULL, about TEXT NOT NULL, checksum TEXT NOT NULL,
  created_at BIGINT NOT NULL, created_by TEXT NOT NULL, completed TEXT NOT NULL, mac TEXT NOT NULL DEFAULT ''
);
CREATE INDEX part_upload_path ON part_upload (workspace, path, id);
CREATE INDEX part_upload_created_at ON part_upload (created_at);
CREATE TABLE upload_part (
  upload TEXT NOT NULL, number BIGINT NOT NULL, digest TEXT NOT NULL, size BIGINT NOT NULL, etag TEXT NOT NULL,
  checksum TEXT NOT NULL, modified_at BIGINT NOT NULL, mac TEXT NOT NULL DEFAULT '', PRIMARY KEY (upload, number)
) $CLUSTERED;
CREATE INDEX upload_part_digest ON upload_part (digest);
