-- The ledger: entries are the truth, everything else here can be computed from them (and is what the computation is
-- compared with). An entry is inserted in the transaction of the change that it tells about.
CREATE TABLE ledger_entry (
  id $ID,
  idx BIGINT,                -- position in the log, from 0; NULL until the integrator gave it one
  time BIGINT NOT NULL,      -- microseconds; never older than the entry before it in the log
  body TEXT NOT NULL         -- canonical JSON, exactly the bytes that are hashed
);
CREATE UNIQUE INDEX ledger_entry_idx ON ledger_entry (idx) WHERE idx IS NOT NULL;
CREATE INDEX ledger_entry_waiting ON ledger_entry (id) WHERE idx IS NULL;

-- The Merkle tree as C2SP tiles: up to 256 hashes of 32 bytes in a row. Level 0 holds the hashes of the entries, level n
-- the roots of complete subtrees of 256^n entries. Only the last tile of a level is partial.
CREATE TABLE ledger_tile (
  level BIGINT NOT NULL,
  number BIGINT NOT NULL,
  bundle BIGINT,             -- level 0: length in bytes of the entry bundle that belongs to this tile
  hashes $BYTES NOT NULL,
  PRIMARY KEY (level, number)
);

-- One row: how far the log goes and the newest checkpoint. Whoever changes `size` from what it read has the turn.
CREATE TABLE ledger_head (
  id BIGINT PRIMARY KEY,
  size BIGINT NOT NULL,
  time BIGINT NOT NULL,      -- of the last entry
  note TEXT NOT NULL         -- signed note; empty before the first start
);
INSERT INTO ledger_head (id, size, time, note) VALUES (1, 0, 0, '');

-- Signed checkpoints of earlier moments, at most one a second: they narrow down where a tampered log begins to differ.
CREATE TABLE ledger_checkpoint (
  size BIGINT PRIMARY KEY,
  time BIGINT NOT NULL,      -- microseconds, when it was signed
  note TEXT NOT NULL
);
