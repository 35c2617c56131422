-- Xorbs that Xet clients of a workspace may build files of (src/registry/xorb.h): `chunks` chunks of a stored blob, from the chunk
-- `first` on. uploaded: the actor sent the bytes; otherwise they were told of chunks of content that they may read.
-- open_bytes: of the uploaded bytes, those that no file is made of yet. used_at: when a shard or a query used it last; milliseconds.
CREATE TABLE xet_xorb (
  id $ID, workspace TEXT NOT NULL, hash TEXT NOT NULL, actor TEXT NOT NULL, digest TEXT NOT NULL, first BIGINT NOT NULL,
  chunks BIGINT NOT NULL, bytes BIGINT NOT NULL, uploaded BIGINT NOT NULL, open_bytes BIGINT NOT NULL, used_at BIGINT NOT NULL,
  mac TEXT NOT NULL DEFAULT '', UNIQUE (workspace, hash, actor)
);
CREATE INDEX xet_xorb_hash ON xet_xorb (hash);
CREATE INDEX xet_xorb_digest ON xet_xorb (digest);
CREATE INDEX blob_object_xet ON blob_object (xet);
