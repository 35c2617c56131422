-- Incidents: versions that were found to be flawed (src/governance/incident.h). asset and version: rows; kind and name: of
-- the asset when it was opened; facts: JSON, what was known then; mitigation: number of the version that replaces it, 0:
-- none; status: open, resolved or dismissed; report: the evidence that has the report, 0: none. Times are milliseconds.
CREATE TABLE incident (
  id $ID, workspace TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, asset BIGINT NOT NULL, version BIGINT NOT NULL,
  number BIGINT NOT NULL, version_digest TEXT NOT NULL, reason TEXT NOT NULL, facts TEXT NOT NULL,
  opened_at BIGINT NOT NULL, opened_by TEXT NOT NULL, mitigation BIGINT NOT NULL, status TEXT NOT NULL,
  closed_at BIGINT NOT NULL, closed_by TEXT NOT NULL, conclusion TEXT NOT NULL, report BIGINT NOT NULL
);
CREATE INDEX incident_asset ON incident (asset, number);
CREATE INDEX incident_workspace ON incident (workspace, status);
-- What was done and written about an incident. kind: note, rollback, rollout, policy, mitigation, archive or problem.
CREATE TABLE incident_note (
  id $ID, incident BIGINT NOT NULL REFERENCES incident (id) ON DELETE CASCADE, kind TEXT NOT NULL, text TEXT NOT NULL,
  at BIGINT NOT NULL, actor TEXT NOT NULL
);
CREATE INDEX incident_note_incident ON incident_note (incident, id);
