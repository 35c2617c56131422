-- Who made the versions that a version is a copy of, when their asset was deleted: a copy keeps its authors.
CREATE TABLE version_author (
  version BIGINT NOT NULL REFERENCES version (id) ON DELETE CASCADE, actor TEXT NOT NULL, PRIMARY KEY (version, actor)
) $CLUSTERED;
