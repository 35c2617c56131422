-- Capabilities derive from the key of the ledger, which is not in the database: whoever reads the database cannot make them.
DROP TABLE access_secret;
