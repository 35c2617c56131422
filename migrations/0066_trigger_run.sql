-- event: of a run that met a trigger's condition (src/automation/run_watch.h), its body; cause is then minus the run's row.
ALTER TABLE trigger_firing ADD COLUMN event TEXT NOT NULL DEFAULT '';
-- Triggers look at the runs of an experiment that have not ended, or ended lately.
CREATE INDEX run_end ON run (experiment, end_time);
