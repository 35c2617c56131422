-- Which prompts a version of a prompt is made of: its partials, each as it is named there. `number` is the version it
-- was locked to at registration; 0: `selector` is a label, looked up when the prompt is served.
CREATE TABLE prompt_use (
  version BIGINT NOT NULL REFERENCES version (id) ON DELETE CASCADE, name TEXT NOT NULL, selector TEXT NOT NULL,
  asset BIGINT NOT NULL REFERENCES asset (id) ON DELETE CASCADE, number BIGINT NOT NULL,
  PRIMARY KEY (version, name, selector)
) $CLUSTERED;
CREATE INDEX prompt_use_asset ON prompt_use (asset, number);
