-- Decision records (src/record): what versions answered, in sealed batches. digest is the Merkle root of a batch, key its
-- idempotency key; body is the record with a salt in front, sealed under the key of its subject if it has one. Times are
-- milliseconds; subject 0: about nobody; prompt 0: no prompt; expired_at and erased_at 0: not yet.
CREATE TABLE record_batch (
  id $ID, workspace TEXT NOT NULL, key TEXT, digest TEXT NOT NULL, records BIGINT NOT NULL, first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT NOT NULL, expired_at BIGINT NOT NULL,
  UNIQUE (workspace, key)
);
CREATE INDEX record_batch_workspace ON record_batch (workspace, id);
CREATE TABLE record_subject (
  id $ID, workspace TEXT NOT NULL, tag TEXT NOT NULL, key TEXT NOT NULL, erased_at BIGINT NOT NULL,
  UNIQUE (workspace, tag)
);
CREATE TABLE decision_record (
  batch BIGINT NOT NULL, position BIGINT NOT NULL, asset BIGINT NOT NULL, number BIGINT NOT NULL, prompt BIGINT NOT NULL,
  prompt_number BIGINT NOT NULL, at BIGINT NOT NULL, subject BIGINT NOT NULL, commitment TEXT NOT NULL,
  body $BYTES NOT NULL, PRIMARY KEY (batch, position)
) $CLUSTERED;
CREATE INDEX decision_record_version ON decision_record (asset, number, at);
CREATE INDEX decision_record_prompt ON decision_record (prompt, prompt_number, at) WHERE prompt <> 0;
CREATE INDEX decision_record_subject ON decision_record (subject, at) WHERE subject <> 0;
