-- Links of runs to traces that have not arrived yet. A trace that arrives in the run's experiment takes them over.
CREATE TABLE awaited_trace (
  id $ID, workspace TEXT NOT NULL, trace_id TEXT NOT NULL, experiment BIGINT NOT NULL, run_id TEXT NOT NULL,
  UNIQUE (workspace, trace_id, run_id)
);
CREATE INDEX awaited_trace_run ON awaited_trace (run_id);
