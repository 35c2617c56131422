-- Rollouts: an alias on its way to another version. The alias itself stays on the stable version until completion; what
-- stands here decides who gets which version meanwhile. Times are milliseconds; plan is JSON (src/registry/rollout_plan.h).
-- revision counts the changes, so that two servers never make the same step twice.
CREATE TABLE rollout (
  id $ID, asset BIGINT NOT NULL REFERENCES asset (id) ON DELETE CASCADE, alias TEXT NOT NULL, stable BIGINT NOT NULL,
  plan TEXT NOT NULL, status TEXT NOT NULL, step BIGINT NOT NULL, step_since BIGINT NOT NULL, baked BIGINT NOT NULL,
  hold TEXT NOT NULL,        -- why a guard does not let it go on; empty: nothing does
  forced BIGINT NOT NULL,    -- the version that everyone gets at once; 0: the plan decides
  salt TEXT NOT NULL, algorithm TEXT NOT NULL, decision TEXT NOT NULL, reason TEXT NOT NULL, revision BIGINT NOT NULL,
  started_at BIGINT NOT NULL, started_by TEXT NOT NULL, ended_at BIGINT NOT NULL, ended_by TEXT NOT NULL,
  end_reason TEXT NOT NULL, evidence TEXT NOT NULL
);
CREATE UNIQUE INDEX rollout_active ON rollout (asset, alias) WHERE status IN ('running', 'paused');
CREATE INDEX rollout_asset ON rollout (asset, id);
CREATE INDEX rollout_running ON rollout (id) WHERE status = 'running';
-- A change request that starts a rollout carries its plan; empty: it moves the pointer.
ALTER TABLE change_request ADD COLUMN plan TEXT NOT NULL DEFAULT '';
