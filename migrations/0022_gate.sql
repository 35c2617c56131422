-- A change request is about one asset, not about whichever has its name later; evidence says where it came from.
ALTER TABLE change_request ADD COLUMN asset BIGINT NOT NULL DEFAULT 0;  -- 0: opened before this column was there
-- origin: client, server (computed here) or runner (reported by whoever leased the job); job: that job's id, or 0
ALTER TABLE evidence ADD COLUMN origin TEXT NOT NULL DEFAULT 'client';
ALTER TABLE evidence ADD COLUMN job BIGINT NOT NULL DEFAULT 0;
UPDATE evidence SET origin = 'server' WHERE verified = 1;
UPDATE evidence SET origin = 'runner' WHERE verified = 0 AND type = 'prompt-test';
CREATE INDEX version_model ON version (model_id) WHERE model_id <> '';
CREATE INDEX evidence_evaluation ON evidence (workspace) WHERE type = 'evaluation' AND verified = 1;
