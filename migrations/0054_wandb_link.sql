-- The links of an artifact are found by it.
CREATE INDEX wandb_version_source ON wandb_version (source);
