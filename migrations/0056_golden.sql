-- Golden rules: which dataset every new version of matching assets is run against. after_version: the row of the newest
-- version when the rule was made; dataset_digest: of the dataset version that its selector named then; tolerance: a
-- number as text. Times are milliseconds.
CREATE TABLE golden_rule (
  id $ID, workspace TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, name_pattern TEXT NOT NULL,
  dataset BIGINT NOT NULL, selector TEXT NOT NULL, dataset_digest TEXT NOT NULL, file TEXT NOT NULL, method TEXT NOT NULL,
  tolerance TEXT NOT NULL, repeats BIGINT NOT NULL, after_version BIGINT NOT NULL, created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL, UNIQUE (workspace, name)
);
-- Jobs that rules made. job 0: the golden data could not be read, problem says why.
CREATE TABLE golden_run (
  id $ID, rule BIGINT NOT NULL REFERENCES golden_rule (id) ON DELETE CASCADE, version BIGINT NOT NULL,
  version_digest TEXT NOT NULL, dataset_digest TEXT NOT NULL, job BIGINT NOT NULL, problem TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX golden_run_rule ON golden_run (rule, version);
