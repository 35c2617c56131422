-- When a version is deleted by the server, unless something protects it (src/registry/expiry.h). expires_at: milliseconds.
CREATE TABLE version_expiry (
  version BIGINT NOT NULL PRIMARY KEY REFERENCES version (id) ON DELETE CASCADE, expires_at BIGINT NOT NULL,
  set_at BIGINT NOT NULL, set_by TEXT NOT NULL
);
CREATE INDEX version_expiry_at ON version_expiry (expires_at);
