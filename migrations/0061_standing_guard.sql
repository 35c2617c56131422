-- Standing guards: what an alias that stands normally is watched for (src/automation/standing_guard.h). body: the
-- configuration as JSON; state, why and checked_at: of the newest look; acted_number: the version that it found worse last,
-- 0: none. Times are milliseconds.
CREATE TABLE standing_guard (
  id $ID, asset BIGINT NOT NULL REFERENCES asset (id) ON DELETE CASCADE, alias TEXT NOT NULL, name TEXT NOT NULL,
  body TEXT NOT NULL, set_at BIGINT NOT NULL, set_by TEXT NOT NULL, acted_number BIGINT NOT NULL, acted_at BIGINT NOT NULL,
  outcome TEXT NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL, checked_at BIGINT NOT NULL, UNIQUE (asset, alias, name)
);
