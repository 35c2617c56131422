-- Entries by what was done: people look for the few among the many runs. The database reads the action out of the body, which
-- is canonical JSON and so begins with {"action":" and lower-case letters, dots and dashes.
ALTER TABLE ledger_entry ADD COLUMN action TEXT GENERATED ALWAYS AS (
  substr(body, 12, length(substr(body, 12, 60)) - length(ltrim(substr(body, 12, 60), 'abcdefghijklmnopqrstuvwxyz.-')))
) $DERIVED;
CREATE INDEX ledger_entry_action ON ledger_entry (action, idx) WHERE idx IS NOT NULL;
