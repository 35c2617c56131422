-- Checkpoints that witnesses have cosigned, as signed notes with the log's signature and the witnesses' (C2SP
-- tlog-cosignature). `quorum` is 1 when the cosignatures satisfied the witness policy of that time.
CREATE TABLE ledger_cosigned (
  size BIGINT PRIMARY KEY,
  time BIGINT NOT NULL,      -- seconds, of the newest cosignature
  quorum BIGINT NOT NULL,
  note TEXT NOT NULL
);
CREATE INDEX ledger_cosigned_time ON ledger_cosigned (time);

-- Timestamps of checkpoints by an RFC 3161 time-stamping authority, over the SHA-256 of the note.
CREATE TABLE ledger_timestamp (
  size BIGINT PRIMARY KEY,
  time BIGINT NOT NULL,      -- milliseconds, as the token says
  note TEXT NOT NULL,
  response $BYTES NOT NULL   -- DER of the TimeStampResp
);
