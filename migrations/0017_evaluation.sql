-- What evaluations of MLflow's clients rest on: datasets of examples, scorers, and issues found in traces. Times are
-- milliseconds.

-- tags: {"key":"value",…}. experiments: [1,2,…]. fields: the types of the records' members, or empty. records: how many.
CREATE TABLE evaluation_dataset (
  id $ID, workspace TEXT NOT NULL, dataset_id TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL,
  fields TEXT NOT NULL, records BIGINT NOT NULL, tags TEXT NOT NULL, experiments TEXT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, created_by TEXT NOT NULL, updated_by TEXT NOT NULL,
  UNIQUE (workspace, dataset_id)
);
-- One example; the same inputs again change it. body: {"inputs":…,"outputs":…,"expectations":…,"tags":…,"source":…,…}.
CREATE TABLE evaluation_record (
  id $ID, dataset BIGINT NOT NULL REFERENCES evaluation_dataset (id) ON DELETE CASCADE, record_id TEXT NOT NULL,
  input_digest TEXT NOT NULL, body TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  UNIQUE (dataset, input_digest), UNIQUE (dataset, record_id)
);
-- A version of a scorer; scorer_id is that of all its versions. body: the client's JSON, never run here.
CREATE TABLE scorer (
  id $ID, workspace TEXT NOT NULL, experiment BIGINT NOT NULL REFERENCES experiment (id), name TEXT NOT NULL,
  scorer_id TEXT NOT NULL, version BIGINT NOT NULL, body TEXT NOT NULL, created_at BIGINT NOT NULL,
  UNIQUE (experiment, name, version)
);
-- severity: 0 to 3, or -1 for none. root_causes, categories: JSON lists.
CREATE TABLE issue (
  id $ID, workspace TEXT NOT NULL, issue_id TEXT NOT NULL, experiment BIGINT NOT NULL REFERENCES experiment (id),
  name TEXT NOT NULL, description TEXT NOT NULL, status TEXT NOT NULL, severity BIGINT NOT NULL,
  root_causes TEXT NOT NULL, categories TEXT NOT NULL, source_run TEXT NOT NULL, created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, UNIQUE (workspace, issue_id)
);
-- What Langfuse's clients say that scores of one kind must be. body: {"name":…,"dataType":…,…} as they wrote it.
CREATE TABLE score_config (
  id $ID, workspace TEXT NOT NULL, config_id TEXT NOT NULL, body TEXT NOT NULL, created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL, UNIQUE (workspace, config_id)
);
