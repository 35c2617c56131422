-- Sweeps of W&B's clients (src/tracking/sweep.h): a search over hyperparameters within an experiment. config: JSON; seed:
-- of the random numbers, so that a trial can be computed again. state: PENDING, RUNNING, PAUSED, CANCELED, FINISHED.
CREATE TABLE sweep (
  id $ID,
  experiment BIGINT NOT NULL,
  name TEXT NOT NULL,
  display_name TEXT NOT NULL,
  description TEXT NOT NULL,
  config TEXT NOT NULL,
  state TEXT NOT NULL,
  seed BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  UNIQUE (experiment, name)
);
CREATE TABLE sweep_agent (
  id $ID,
  sweep BIGINT NOT NULL REFERENCES sweep(id) ON DELETE CASCADE,
  host TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  heartbeat_at BIGINT NOT NULL
);
CREATE INDEX sweep_agent_sweep ON sweep_agent (sweep);

-- What an agent was told to try: run is the name of the run that it is to log, settings the parameters, JSON.
CREATE TABLE sweep_trial (
  sweep BIGINT NOT NULL REFERENCES sweep(id) ON DELETE CASCADE,
  position BIGINT NOT NULL,
  agent BIGINT NOT NULL,
  run TEXT NOT NULL,
  settings TEXT NOT NULL,
  given_at BIGINT NOT NULL,
  PRIMARY KEY (sweep, position)
);
