-- Signed-in browsers. Times are milliseconds. A session is a way to speak as its actor, never more: grants are read anew.
CREATE TABLE session (
  hash TEXT NOT NULL PRIMARY KEY, actor TEXT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL
) $CLUSTERED;
CREATE INDEX session_expiry ON session (expires_at);
