-- Delegates: from starts_at until ends_at, the delegate can approve change requests on behalf of the delegator
-- (src/governance/delegate.h). delegator, delegate: actors; role: the only one, empty: each that the delegator holds.
-- Times are milliseconds; removed_at: 0 while it was not ended early.
CREATE TABLE delegate (
  id $ID, workspace TEXT NOT NULL, delegator TEXT NOT NULL, delegate TEXT NOT NULL, role TEXT NOT NULL,
  starts_at BIGINT NOT NULL, ends_at BIGINT NOT NULL, reason TEXT NOT NULL, added_at BIGINT NOT NULL,
  removed_at BIGINT NOT NULL, removed_by TEXT NOT NULL
);
CREATE INDEX delegate_of ON delegate (workspace, delegate);
ALTER TABLE approval ADD COLUMN on_behalf_of TEXT NOT NULL DEFAULT '';
