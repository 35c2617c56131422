-- Registries of W&B's clients (src/api/wandb/registry_record.h). name: without "wandb-registry-"; types: the artifact
-- types that may be linked to it, a JSON list, empty: every type. Times are milliseconds.
CREATE TABLE wandb_registry (
  workspace TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, types TEXT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, created_by TEXT NOT NULL, PRIMARY KEY (workspace, name)
) $CLUSTERED;
