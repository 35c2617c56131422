-- Traces with their spans and assessments, and which version of a prompt a trace used. Times are milliseconds unless the
-- name says otherwise.

-- state: 0 unspecified, 1 OK, 2 ERROR, 3 IN_PROGRESS. finalized: the client has said what the trace is, spans no longer
-- change it. tags and metadata: {"key":"value",…}. assessments: a JSON list. links: {"runs":[…],"prompts":["name/3",…]}.
CREATE TABLE trace (
  id $ID, workspace TEXT NOT NULL, trace_id TEXT NOT NULL, experiment BIGINT NOT NULL REFERENCES experiment (id),
  request_time BIGINT NOT NULL, duration BIGINT, state BIGINT NOT NULL, finalized BIGINT NOT NULL,
  client_request_id TEXT NOT NULL, request_preview TEXT, response_preview TEXT,
  tags TEXT NOT NULL, metadata TEXT NOT NULL, assessments TEXT NOT NULL, links TEXT NOT NULL,
  UNIQUE (workspace, trace_id)
);
CREATE INDEX trace_order ON trace (experiment, request_time DESC, trace_id);

-- status: 0 unset, 1 OK, 2 ERROR. body: the span as OTLP's JSON has it, attributes and events included.
CREATE TABLE span (
  trace BIGINT NOT NULL REFERENCES trace (id) ON DELETE CASCADE, span_id TEXT NOT NULL, parent TEXT NOT NULL,
  name TEXT NOT NULL, type TEXT NOT NULL, status BIGINT NOT NULL, start_ns BIGINT NOT NULL, end_ns BIGINT NOT NULL,
  body TEXT NOT NULL, PRIMARY KEY (trace, span_id)
);

-- The newest links and values of all fronts (src/delivery/trace_link.h); trace without MLflow's "tr-", span '' for the
-- whole trace. A link and a value of one trace become a report, whichever of them comes first.
CREATE TABLE trace_link (
  id $ID, workspace TEXT NOT NULL, trace TEXT NOT NULL, span TEXT NOT NULL,
  asset BIGINT NOT NULL REFERENCES asset (id) ON DELETE CASCADE, number BIGINT NOT NULL,
  UNIQUE (workspace, trace, span, asset, number)
);
CREATE INDEX trace_link_asset ON trace_link (asset);
CREATE TABLE trace_value (
  id $ID, workspace TEXT NOT NULL, trace TEXT NOT NULL, span TEXT NOT NULL, metric TEXT NOT NULL, value REAL NOT NULL,
  unit TEXT NOT NULL, key TEXT NOT NULL, at BIGINT NOT NULL, source TEXT NOT NULL,
  UNIQUE (workspace, trace, key, metric)
);
