-- Triggers: rules that start jobs or send webhooks on events of the ledger (src/automation/trigger.h). body: the rule as
-- JSON; after_index: index of the first ledger entry that it looks at. Times are milliseconds.
CREATE TABLE trigger_rule (
  id $ID, workspace TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, after_index BIGINT NOT NULL,
  set_at BIGINT NOT NULL, set_by TEXT NOT NULL, UNIQUE (workspace, name)
);
-- What triggers did, once for each event. cause: index of the ledger entry, or minus the period of a schedule; parent: the
-- firing whose job caused that entry, 0: none; outcome: started, sending, cut, limited, refused or failed.
CREATE TABLE trigger_firing (
  id $ID, rule BIGINT NOT NULL REFERENCES trigger_rule (id) ON DELETE CASCADE, cause BIGINT NOT NULL,
  subject TEXT NOT NULL, parent BIGINT NOT NULL, depth BIGINT NOT NULL, job BIGINT NOT NULL, outcome TEXT NOT NULL,
  problem TEXT NOT NULL, attempts BIGINT NOT NULL, next_at BIGINT NOT NULL, fired_at BIGINT NOT NULL,
  UNIQUE (rule, cause)
);
CREATE INDEX trigger_firing_job ON trigger_firing (job);
CREATE INDEX trigger_firing_outcome ON trigger_firing (outcome, next_at);
-- The ledger entries below it were looked at, for all triggers.
CREATE TABLE trigger_cursor (id BIGINT NOT NULL PRIMARY KEY, position BIGINT NOT NULL);
