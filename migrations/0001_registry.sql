-- Workspaces, assets, versions, pointers, files, lineage. Times are milliseconds; see src/db/migrate.h for $ID, $BYTES.
CREATE TABLE workspace (
  id $ID, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL, created_at BIGINT NOT NULL
);
INSERT INTO workspace (name, description, created_at) VALUES ('default', '', 0);

CREATE TABLE asset (
  id $ID, workspace TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, created_by TEXT NOT NULL, last_number BIGINT NOT NULL,
  UNIQUE (workspace, kind, name)
);
CREATE TABLE asset_tag (
  asset BIGINT NOT NULL REFERENCES asset (id) ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (asset, key)
) $CLUSTERED;

CREATE TABLE version (
  id $ID, asset BIGINT NOT NULL REFERENCES asset (id) ON DELETE CASCADE, number BIGINT NOT NULL,
  semver TEXT, digest TEXT NOT NULL, content TEXT NOT NULL, description TEXT NOT NULL, stage TEXT NOT NULL,
  source TEXT NOT NULL, storage TEXT NOT NULL, run_id TEXT NOT NULL, run_link TEXT NOT NULL, model_id TEXT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, created_by TEXT NOT NULL, deleted BIGINT NOT NULL,
  UNIQUE (asset, number), UNIQUE (asset, semver)
);
CREATE INDEX version_run ON version (run_id);
CREATE INDEX version_digest ON version (digest);
CREATE INDEX version_stage ON version (asset, stage, number);
CREATE TABLE version_tag (
  version BIGINT NOT NULL REFERENCES version (id) ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (version, key)
) $CLUSTERED;
CREATE TABLE version_file (
  version BIGINT NOT NULL REFERENCES version (id) ON DELETE CASCADE, path TEXT NOT NULL, digest TEXT NOT NULL,
  size BIGINT NOT NULL, PRIMARY KEY (version, path)
) $CLUSTERED;

CREATE TABLE alias (
  asset BIGINT NOT NULL REFERENCES asset (id) ON DELETE CASCADE, name TEXT NOT NULL, number BIGINT NOT NULL,
  moved_at BIGINT NOT NULL, moved_by TEXT NOT NULL, PRIMARY KEY (asset, name)
) $CLUSTERED;
CREATE INDEX alias_number ON alias (asset, number);

-- A gate on a pointer: which policy must agree before an alias or stage of matching assets moves.
CREATE TABLE binding (
  id $ID, workspace TEXT NOT NULL, kind TEXT NOT NULL, name_pattern TEXT NOT NULL, pointer TEXT NOT NULL,
  policy TEXT NOT NULL, policy_selector TEXT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT NOT NULL,
  UNIQUE (workspace, kind, name_pattern, pointer, policy)
);

CREATE TABLE tree_file (
  workspace TEXT NOT NULL, path TEXT NOT NULL, digest TEXT NOT NULL, size BIGINT NOT NULL, modified_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, path)
) $CLUSTERED;
CREATE INDEX tree_file_digest ON tree_file (digest);
CREATE TABLE tree_seal (
  workspace TEXT NOT NULL, folder TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (workspace, folder)
) $CLUSTERED;

CREATE TABLE lineage_edge (
  workspace TEXT NOT NULL, origin TEXT NOT NULL, target TEXT NOT NULL, relation TEXT NOT NULL, at BIGINT NOT NULL,
  PRIMARY KEY (workspace, origin, target, relation)
) $CLUSTERED;
CREATE INDEX lineage_target ON lineage_edge (workspace, target);

-- Where in the ledger to look for what happened to a subject. Only a way to find entries: the ledger is the truth.
CREATE TABLE subject_entry (
  workspace TEXT NOT NULL, subject TEXT NOT NULL, entry BIGINT NOT NULL, PRIMARY KEY (workspace, subject, entry)
) $CLUSTERED;
