-- What reviewers are asked about traces, and the queues of traces that wait for them. Times are milliseconds.

-- A question. type: feedback, expectation. input: {"pass_fail":{…}}, {"categorical":{…}}, {"numeric":{…}} or
-- {"text":{…}}.
CREATE TABLE label_schema (
  id $ID, workspace TEXT NOT NULL, schema_id TEXT NOT NULL, experiment BIGINT NOT NULL REFERENCES experiment (id),
  name TEXT NOT NULL, type TEXT NOT NULL, input TEXT NOT NULL, instruction TEXT NOT NULL,
  enable_comment BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  UNIQUE (workspace, schema_id), UNIQUE (experiment, name)
);
-- type: user, custom. name_key: the name in lower case. users, schemas: JSON lists.
CREATE TABLE review_queue (
  id $ID, workspace TEXT NOT NULL, queue_id TEXT NOT NULL, experiment BIGINT NOT NULL REFERENCES experiment (id),
  name TEXT NOT NULL, name_key TEXT NOT NULL, type TEXT NOT NULL, owner TEXT NOT NULL, users TEXT NOT NULL,
  schemas TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  UNIQUE (workspace, queue_id), UNIQUE (experiment, name_key)
);
-- A trace in a queue. status: pending, complete, declined. completed_at: 0 while it is pending.
CREATE TABLE review_item (
  id $ID, queue BIGINT NOT NULL REFERENCES review_queue (id) ON DELETE CASCADE,
  trace BIGINT NOT NULL REFERENCES trace (id) ON DELETE CASCADE, trace_id TEXT NOT NULL, status TEXT NOT NULL,
  completed_by TEXT NOT NULL, completed_at BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  UNIQUE (queue, trace)
);
CREATE INDEX review_item_trace ON review_item (trace);
