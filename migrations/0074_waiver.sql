-- Waivers: until expires_at, what a policy denies with this code passes (src/governance/waiver.h). version: number, 0: every
-- version; policy: name, empty: every policy; role: in which it is approved; status: requested, approved or revoked.
CREATE TABLE waiver (
  id $ID, workspace TEXT NOT NULL, kind TEXT NOT NULL, name_pattern TEXT NOT NULL, version BIGINT NOT NULL,
  pointer TEXT NOT NULL, policy TEXT NOT NULL, code TEXT NOT NULL, role TEXT NOT NULL, reason TEXT NOT NULL,
  expires_at BIGINT NOT NULL, status TEXT NOT NULL, requested_at BIGINT NOT NULL, requested_by TEXT NOT NULL,
  approved_at BIGINT NOT NULL, approved_by TEXT NOT NULL, revoked_at BIGINT NOT NULL, revoked_by TEXT NOT NULL,
  note TEXT NOT NULL
);
CREATE INDEX waiver_workspace ON waiver (workspace, status);
-- Moves against the policies, each with the review that it must get (src/governance/break_glass.h). asset: row; status:
-- open, accepted or objected. Times are milliseconds.
CREATE TABLE break_glass (
  id $ID, workspace TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, asset BIGINT NOT NULL, pointer TEXT NOT NULL,
  from_number BIGINT NOT NULL, to_number BIGINT NOT NULL, decision TEXT NOT NULL, reason TEXT NOT NULL,
  used_at BIGINT NOT NULL, used_by TEXT NOT NULL, status TEXT NOT NULL, reviewed_at BIGINT NOT NULL,
  reviewed_by TEXT NOT NULL, conclusion TEXT NOT NULL
);
CREATE INDEX break_glass_workspace ON break_glass (workspace, status);
