-- Users, tokens, evidence, decisions, change requests, approvals. Times are milliseconds; lists are JSON text.
-- What these rows say is in the ledger too: governance/replay.cpp compares the two.
CREATE TABLE user_account (
  id $ID, name TEXT NOT NULL UNIQUE, password TEXT NOT NULL, grants TEXT NOT NULL, disabled BIGINT NOT NULL,
  created_at BIGINT NOT NULL, created_by TEXT NOT NULL
);
CREATE TABLE service_token (
  id $ID, name TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE, grants TEXT NOT NULL, expires_at BIGINT NOT NULL,
  revoked BIGINT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT NOT NULL
);
-- One row. Every change of users and tokens counts it up, so that each process drops what it remembered.
CREATE TABLE access_state (one BIGINT NOT NULL PRIMARY KEY, number BIGINT NOT NULL);
INSERT INTO access_state (one, number) VALUES (1, 0);

CREATE TABLE evidence (
  id $ID, workspace TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, number BIGINT NOT NULL,
  version BIGINT NOT NULL,   -- the version's row, which a renamed asset keeps; the names before it are as they were
  version_digest TEXT NOT NULL, type TEXT NOT NULL, verified BIGINT NOT NULL, digest TEXT NOT NULL, body TEXT NOT NULL,
  summary TEXT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT NOT NULL
);
CREATE INDEX evidence_version ON evidence (version);

-- `facts` is the digest of everything the decision rests on except the time: equal facts, equal decision.
CREATE TABLE decision (
  digest TEXT NOT NULL PRIMARY KEY, workspace TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, pointer TEXT NOT NULL,
  result TEXT NOT NULL, facts TEXT NOT NULL, body TEXT NOT NULL, created_at BIGINT NOT NULL
);
CREATE INDEX decision_pointer ON decision (workspace, kind, name, pointer, created_at);

CREATE TABLE change_request (
  id $ID, workspace TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, pointer TEXT NOT NULL, action TEXT NOT NULL,
  from_number BIGINT NOT NULL, from_digest TEXT NOT NULL, to_number BIGINT NOT NULL, to_digest TEXT NOT NULL,
  archive_others BIGINT NOT NULL, reason TEXT NOT NULL, status TEXT NOT NULL, requested_by TEXT NOT NULL,
  opened_at BIGINT NOT NULL, closed_at BIGINT NOT NULL, closed_by TEXT NOT NULL, note TEXT NOT NULL, decision TEXT NOT NULL
);
CREATE INDEX change_request_decision ON change_request (decision);
CREATE INDEX change_request_pointer ON change_request (workspace, kind, name, pointer, status);
CREATE TABLE approval (
  change_request BIGINT NOT NULL REFERENCES change_request (id), actor TEXT NOT NULL, roles TEXT NOT NULL,
  comment TEXT NOT NULL, bound TEXT NOT NULL, decision TEXT NOT NULL, created_at BIGINT NOT NULL,
  PRIMARY KEY (change_request, actor)
) $CLUSTERED;
