-- What was observed about versions of prompts in use: scores, rates, latencies. Times are milliseconds.
CREATE TABLE report (
  id $ID, asset BIGINT NOT NULL REFERENCES asset (id) ON DELETE CASCADE, number BIGINT NOT NULL, metric TEXT NOT NULL,
  value REAL NOT NULL, unit TEXT NOT NULL, key TEXT, at BIGINT NOT NULL, source TEXT NOT NULL,
  UNIQUE (asset, metric, key)
);
CREATE INDEX report_version ON report (asset, number, metric, at);
