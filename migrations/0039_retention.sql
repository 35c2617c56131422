-- Retention rules (src/lifecycle/retention_rule.h). A row per revision: the highest is in force, body '' ends the rule.
CREATE TABLE retention_rule (
  workspace TEXT NOT NULL, name TEXT NOT NULL, revision BIGINT NOT NULL, body TEXT NOT NULL, set_at BIGINT NOT NULL,
  set_by TEXT NOT NULL, PRIMARY KEY (workspace, name, revision)
) $CLUSTERED;
-- Applications of a plan (src/lifecycle/retention_apply.h). items: what was to go, as JSON; finished_at 0: to be resumed.
CREATE TABLE retention_application (
  id $ID, workspace TEXT NOT NULL, digest TEXT NOT NULL, items TEXT NOT NULL, started_at BIGINT NOT NULL,
  started_by TEXT NOT NULL, finished_at BIGINT NOT NULL, outcome TEXT NOT NULL
);
CREATE INDEX retention_application_open ON retention_application (workspace, finished_at);
