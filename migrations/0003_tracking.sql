-- Experiments, runs, metric history, dataset inputs, logged models. Times are milliseconds; see src/db/migrate.h for the
-- words with $. What a run has logged last travels in its row as JSON text, so that a search reads one table and people
-- can read it with SQL (src/tracking/run.h shows how).
CREATE TABLE experiment (
  id $ID, workspace TEXT NOT NULL, name TEXT NOT NULL, artifact_location TEXT NOT NULL, stage BIGINT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, tags TEXT NOT NULL,
  UNIQUE (workspace, name)
);
-- MLflow's clients expect it. Its artifact location is filled in at the first start, when the root is known.
INSERT INTO experiment (id, workspace, name, artifact_location, stage, created_at, updated_at, tags)
VALUES (0, 'default', 'Default', '', 0, 0, 0, '{}');

-- stage: 0 active, 1 deleted. status: 1 running, 2 scheduled, 3 finished, 4 failed, 5 killed.
-- metrics: {"key":[value,timestamp,step],…}, the latest by (step, timestamp, value); params and tags: {"key":"value",…}.
-- links: {"inputs":[{"id","name","digest","tags":{}}],"models":["m-…"],"outputs":[["m-…",step]]}, or nothing.
-- revision counts the writes; sealed_revision is the one whose digest the ledger has.
CREATE TABLE run (
  id $ID, run_id TEXT NOT NULL UNIQUE, workspace TEXT NOT NULL, experiment BIGINT NOT NULL REFERENCES experiment (id),
  stage BIGINT NOT NULL, status BIGINT NOT NULL, start_time BIGINT NOT NULL, end_time BIGINT, deleted_at BIGINT,
  revision BIGINT NOT NULL, sealed_revision BIGINT NOT NULL, sealed_digest TEXT NOT NULL,
  name TEXT NOT NULL, user_id TEXT NOT NULL, artifact_uri TEXT NOT NULL,
  metrics TEXT NOT NULL, params TEXT NOT NULL, tags TEXT NOT NULL, links TEXT NOT NULL
);
CREATE INDEX run_order ON run (experiment, stage, start_time DESC, run_id);
CREATE INDEX run_scan ON run (experiment, stage);  -- searches read an experiment's rows in the order they lie in

-- One row a batch: body is [["key",value,timestamp,step],…]. key is the metric's when the batch has only one, else ''.
-- The digest of the body makes a retried batch vanish. Not clustered: bodies are long, and SQLite's clustered tables keep
-- what exceeds a quarter of a page on pages of their own.
CREATE TABLE metric_log (
  run BIGINT NOT NULL REFERENCES run (id), key TEXT NOT NULL, digest $BYTES NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (run, key, digest)
);

CREATE TABLE dataset (
  id $ID, experiment BIGINT NOT NULL REFERENCES experiment (id), name TEXT NOT NULL, digest TEXT NOT NULL,
  source_type TEXT NOT NULL, source TEXT NOT NULL, schema_text TEXT NOT NULL, profile TEXT NOT NULL,
  UNIQUE (experiment, name, digest)
);
-- In which contexts ("training", …; '' for none) a dataset was used.
CREATE TABLE dataset_context (
  dataset BIGINT NOT NULL REFERENCES dataset (id), context TEXT NOT NULL, PRIMARY KEY (dataset, context)
) $CLUSTERED;

-- status: 1 pending, 2 ready, 3 upload failed. params and tags as in run.
CREATE TABLE logged_model (
  id $ID, model_id TEXT NOT NULL UNIQUE, workspace TEXT NOT NULL, experiment BIGINT NOT NULL REFERENCES experiment (id),
  stage BIGINT NOT NULL, status BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  name TEXT NOT NULL, model_type TEXT NOT NULL, source_run TEXT NOT NULL, artifact_uri TEXT NOT NULL,
  params TEXT NOT NULL, tags TEXT NOT NULL
);
CREATE INDEX logged_model_order ON logged_model (experiment, stage, created_at DESC, model_id);
CREATE INDEX logged_model_run ON logged_model (source_run);

CREATE TABLE model_metric (
  model BIGINT NOT NULL REFERENCES logged_model (id), key TEXT NOT NULL, timestamp BIGINT NOT NULL, step BIGINT NOT NULL,
  run_id TEXT NOT NULL, value DOUBLE PRECISION NOT NULL, dataset_name TEXT NOT NULL, dataset_digest TEXT NOT NULL,
  PRIMARY KEY (model, key, timestamp, step, run_id)
) $CLUSTERED;
