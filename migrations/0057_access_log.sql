-- The access log (src/registry/access_log.h): who read or downloaded which version. Times are milliseconds; asset and
-- number 0: what was read is not a version, or none any more. percent: how many of the reads a workspace keeps.
CREATE TABLE access_log_rule (
  workspace TEXT NOT NULL PRIMARY KEY, percent BIGINT NOT NULL, keep_days BIGINT NOT NULL, set_at BIGINT NOT NULL,
  set_by TEXT NOT NULL
) $CLUSTERED;
CREATE TABLE access_log (
  id $ID, workspace TEXT NOT NULL, at BIGINT NOT NULL, actor TEXT NOT NULL, front TEXT NOT NULL, action TEXT NOT NULL,
  asset BIGINT NOT NULL, number BIGINT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL, bytes BIGINT NOT NULL
);
CREATE INDEX access_log_version ON access_log (asset, number, id);
CREATE INDEX access_log_workspace ON access_log (workspace, id);
CREATE INDEX access_log_at ON access_log (workspace, at);
