-- Where the bytes of blobs lie (src/blob/pack_index.h). All of it can be rebuilt from the packs: `regesta blob reindex`.
-- place: the folder or bucket, as servers with different ones may share a database. Times are milliseconds; 0: not yet.
-- condemned_at: nothing used it then; it is removed after the grace period unless something uses it again.
-- damaged_at: bytes of the pack were found damaged or missing; uploads do not reuse them.
CREATE TABLE blob_pack (
  id $ID, place TEXT NOT NULL, name TEXT NOT NULL, size BIGINT NOT NULL, chunks BIGINT NOT NULL,
  created_at BIGINT NOT NULL, condemned_at BIGINT NOT NULL, damaged_at BIGINT NOT NULL, checked_at BIGINT NOT NULL,
  UNIQUE (place, name)
);
-- extents: per run of chunks the pack's id, first chunk, number of chunks and length (src/blob/pack_index.cpp).
CREATE TABLE blob_object (
  id $ID, place TEXT NOT NULL, digest TEXT NOT NULL, xet TEXT NOT NULL, size BIGINT NOT NULL, extents $BYTES NOT NULL,
  touched_at BIGINT NOT NULL, condemned_at BIGINT NOT NULL, UNIQUE (place, digest)
);
CREATE TABLE blob_use (
  pack BIGINT NOT NULL REFERENCES blob_pack (id), object BIGINT NOT NULL REFERENCES blob_object (id) ON DELETE CASCADE,
  PRIMARY KEY (pack, object)
) $CLUSTERED;
CREATE INDEX blob_use_object ON blob_use (object);
-- Some chunks of each pack, by the first 64 bits of their hash: an upload that meets one looks at the whole pack.
CREATE TABLE blob_hook (
  hash BIGINT NOT NULL, pack BIGINT NOT NULL REFERENCES blob_pack (id) ON DELETE CASCADE, PRIMARY KEY (hash, pack)
) $CLUSTERED;
CREATE INDEX blob_hook_pack ON blob_hook (pack);
