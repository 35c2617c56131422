-- What only the servers of one database know, together: words that open one thing are derived from it.
CREATE TABLE access_secret (one BIGINT PRIMARY KEY, secret TEXT NOT NULL);

-- Scores that clients gave: of a trace, an observation in it, or a session. Times are milliseconds. value: as number;
-- text: of categories, texts and corrections, else ''. metadata: JSON. Where a score names a version of a prompt, or its
-- trace does, it is a report too.
CREATE TABLE score (
  id $ID, workspace TEXT NOT NULL, score_id TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, value REAL NOT NULL,
  text TEXT NOT NULL, trace TEXT NOT NULL, observation TEXT NOT NULL, session TEXT NOT NULL, dataset_run TEXT NOT NULL,
  comment TEXT NOT NULL, metadata TEXT NOT NULL, environment TEXT NOT NULL, config TEXT NOT NULL, source TEXT NOT NULL,
  queue TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  UNIQUE (workspace, score_id)
);
CREATE INDEX score_order ON score (workspace, at DESC, id DESC);
CREATE INDEX score_trace ON score (workspace, trace);
