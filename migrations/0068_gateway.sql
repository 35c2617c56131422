-- Configuration of MLflow's AI gateway. kind: secret, model, endpoint, budget, guardrail. name is unique in its kind;
-- the id for kinds whose names are not. body: JSON. sealed: the values of a secret, encrypted under a key outside the
-- database. Times are milliseconds.
CREATE TABLE gateway_item (
  id $ID, workspace TEXT NOT NULL, kind TEXT NOT NULL, item_id TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
  sealed TEXT NOT NULL, created_by TEXT NOT NULL, updated_by TEXT NOT NULL, created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (workspace, kind, item_id), UNIQUE (workspace, kind, name)
);
