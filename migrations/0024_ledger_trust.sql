-- An entry is authenticated from the moment it is written: by a MAC while it waits, by the tree once it has an index.
-- The hashed leaf of an entry with a salt is only a commitment to its body (ledger/leaf.h), so the public tree tells
-- nobody what an entry says. Entries of before have no salt: their body is the leaf.
ALTER TABLE ledger_entry ADD COLUMN salt $BYTES;              -- 8 bytes of time and 16 random ones; never used twice
ALTER TABLE ledger_entry ADD COLUMN mac TEXT NOT NULL DEFAULT '';  -- of salt, time and body; empty once it has an index
ALTER TABLE ledger_entry ADD COLUMN refused BIGINT;           -- microseconds: when the integrator kept it out of the tree
CREATE UNIQUE INDEX ledger_entry_salt ON ledger_entry (salt) WHERE salt IS NOT NULL;
DROP INDEX ledger_entry_waiting;
CREATE INDEX ledger_entry_waiting ON ledger_entry (id) WHERE idx IS NULL AND refused IS NULL;
CREATE INDEX ledger_entry_refused ON ledger_entry (id) WHERE refused IS NOT NULL;
