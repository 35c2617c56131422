-- Runs of W&B's clients (src/api/wandb/run_record.h): the client chooses the name, unique within the project (experiment).
-- config, summary: JSON as the client sent it last. history, events, logs: how many lines of each stream are stored.
CREATE TABLE wandb_run (
  run BIGINT PRIMARY KEY REFERENCES run(id) ON DELETE CASCADE,
  experiment BIGINT NOT NULL,
  name TEXT NOT NULL,
  config TEXT NOT NULL DEFAULT '{}',
  summary TEXT NOT NULL DEFAULT '{}',
  created_at BIGINT NOT NULL,
  heartbeat_at BIGINT NOT NULL,
  history BIGINT NOT NULL DEFAULT 0,
  events BIGINT NOT NULL DEFAULT 0,
  logs BIGINT NOT NULL DEFAULT 0,
  UNIQUE (experiment, name)
);

-- Lines of a stream, as they came: `lines` of them from number `first` on, joined by line feeds.
CREATE TABLE wandb_line (
  run BIGINT NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  stream TEXT NOT NULL,
  first BIGINT NOT NULL,
  lines BIGINT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (run, stream, first)
);
