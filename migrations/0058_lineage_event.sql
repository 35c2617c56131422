-- Events of OpenLineage as they came (src/api/native/openlineage.h), with their facets: column-level lineage is there.
CREATE TABLE lineage_event (
  id $ID, workspace TEXT NOT NULL, at BIGINT NOT NULL, node TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX lineage_event_node ON lineage_event (workspace, node, at);
