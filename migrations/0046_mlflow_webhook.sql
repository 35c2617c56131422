-- Webhooks of MLflow's API (src/jobs/mlflow_event.h). events: names such as "model_version.created", separated by
-- blanks; '' for webhooks of the native API, which follow actions alone.
ALTER TABLE webhook ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE webhook ADD COLUMN events TEXT NOT NULL DEFAULT '';
ALTER TABLE webhook ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
