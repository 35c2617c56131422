-- Test suites of assets (each immutable, the newest counts), and the queue that runners lease work from. Times are
-- milliseconds; needs: what a runner must be allowed to do ("commands"), or empty; lease: the secret of who holds it.
CREATE TABLE test_suite (
  id $ID, asset BIGINT NOT NULL REFERENCES asset (id) ON DELETE CASCADE, number BIGINT NOT NULL, digest TEXT NOT NULL,
  cases BIGINT NOT NULL, content TEXT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT NOT NULL,
  UNIQUE (asset, number)
);
CREATE TABLE job (
  id $ID, workspace TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL, subject TEXT NOT NULL, needs TEXT NOT NULL,
  payload TEXT NOT NULL, status TEXT NOT NULL, attempts BIGINT NOT NULL, not_before BIGINT NOT NULL,
  lease TEXT NOT NULL, leased_by TEXT NOT NULL, leased_until BIGINT NOT NULL, reason TEXT NOT NULL, result TEXT NOT NULL,
  created_at BIGINT NOT NULL, created_by TEXT NOT NULL, finished_at BIGINT NOT NULL
);
CREATE INDEX job_due ON job (workspace, status, not_before);
CREATE INDEX job_subject ON job (workspace, subject);
