-- Clients choose the ids of traces and scores, so an id belongs to its owner: one that somebody else uses, and whoever asks
-- may not know of, is free to them. A trace is unique in its experiment, a score by its author.
ALTER TABLE trace RENAME TO trace_before;
ALTER TABLE span RENAME TO span_before;
ALTER TABLE review_item RENAME TO review_item_before;
CREATE TABLE trace (
  id $ID, workspace TEXT NOT NULL, trace_id TEXT NOT NULL, experiment BIGINT NOT NULL REFERENCES experiment (id),
  request_time BIGINT NOT NULL, duration BIGINT, state BIGINT NOT NULL, finalized BIGINT NOT NULL,
  client_request_id TEXT NOT NULL, request_preview TEXT, response_preview TEXT,
  tags TEXT NOT NULL, metadata TEXT NOT NULL, assessments TEXT NOT NULL, links TEXT NOT NULL,
  UNIQUE (workspace, trace_id, experiment)
);
INSERT INTO trace (workspace, trace_id, experiment, request_time, duration, state, finalized, client_request_id,
    request_preview, response_preview, tags, metadata, assessments, links)
  SELECT workspace, trace_id, experiment, request_time, duration, state, finalized, client_request_id,
    request_preview, response_preview, tags, metadata, assessments, links FROM trace_before ORDER BY id;
CREATE TABLE span (
  trace BIGINT NOT NULL REFERENCES trace (id) ON DELETE CASCADE, span_id TEXT NOT NULL, parent TEXT NOT NULL,
  name TEXT NOT NULL, type TEXT NOT NULL, status BIGINT NOT NULL, start_ns BIGINT NOT NULL, end_ns BIGINT NOT NULL,
  body TEXT NOT NULL, PRIMARY KEY (trace, span_id)
);
INSERT INTO span (trace, span_id, parent, name, type, status, start_ns, end_ns, body)
  SELECT n.id, s.span_id, s.parent, s.name, s.type, s.status, s.start_ns, s.end_ns, s.body
  FROM trace_before o JOIN trace n ON n.workspace = o.workspace AND n.trace_id = o.trace_id
  JOIN span_before s ON s.trace = o.id ORDER BY n.id, s.span_id;
CREATE TABLE review_item (
  id $ID, queue BIGINT NOT NULL REFERENCES review_queue (id) ON DELETE CASCADE,
  trace BIGINT NOT NULL REFERENCES trace (id) ON DELETE CASCADE, trace_id TEXT NOT NULL, status TEXT NOT NULL,
  completed_by TEXT NOT NULL, completed_at BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  UNIQUE (queue, trace)
);
INSERT INTO review_item (queue, trace, trace_id, status, completed_by, completed_at, created_at, updated_at)
  SELECT r.queue, n.id, r.trace_id, r.status, r.completed_by, r.completed_at, r.created_at, r.updated_at
  FROM review_item_before r JOIN trace_before o ON o.id = r.trace
  JOIN trace n ON n.workspace = o.workspace AND n.trace_id = o.trace_id ORDER BY r.id;
DROP TABLE span_before;
DROP TABLE review_item_before;
DROP TABLE trace_before;
CREATE INDEX trace_order ON trace (experiment, request_time DESC, trace_id);
CREATE INDEX review_item_trace ON review_item (trace);

-- experiment: of the trace, if the author could change it when giving the score; 0: not known then.
ALTER TABLE score RENAME TO score_before;
CREATE TABLE score (
  id $ID, workspace TEXT NOT NULL, score_id TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, value REAL NOT NULL,
  text TEXT NOT NULL, trace TEXT NOT NULL, observation TEXT NOT NULL, session TEXT NOT NULL, dataset_run TEXT NOT NULL,
  comment TEXT NOT NULL, metadata TEXT NOT NULL, environment TEXT NOT NULL, config TEXT NOT NULL, source TEXT NOT NULL,
  queue TEXT NOT NULL, author TEXT NOT NULL, at BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  experiment BIGINT NOT NULL, UNIQUE (workspace, score_id, author)
);
INSERT INTO score (workspace, score_id, name, type, value, text, trace, observation, session, dataset_run, comment,
    metadata, environment, config, source, queue, author, at, created_at, updated_at, experiment)
  SELECT workspace, score_id, name, type, value, text, trace, observation, session, dataset_run, comment,
    metadata, environment, config, source, queue, author, at, created_at, updated_at,
    COALESCE((SELECT t.experiment FROM trace t WHERE t.workspace = s.workspace AND t.trace_id = s.trace),
             (SELECT t.experiment FROM trace t WHERE t.workspace = s.workspace AND t.trace_id = 'tr-' || s.trace), 0)
  FROM score_before s ORDER BY s.id;
DROP TABLE score_before;
CREATE INDEX score_order ON score (workspace, at DESC, id DESC);
CREATE INDEX score_trace ON score (workspace, trace);
