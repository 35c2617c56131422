-- Addresses that a name signed in from, as keyed hashes: strangers elsewhere who guess cannot hold it up there, also after
-- a restart.
CREATE TABLE known_address (
  name TEXT NOT NULL, tag TEXT NOT NULL, used_at BIGINT NOT NULL, PRIMARY KEY (name, tag)
) $CLUSTERED;
