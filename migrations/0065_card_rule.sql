-- Which sections the card of a version must have: of all rules whose pattern matches the asset. sections: JSON list of
-- headings.
CREATE TABLE card_rule (
  id $ID, workspace TEXT NOT NULL, kind TEXT NOT NULL, name_pattern TEXT NOT NULL, template TEXT NOT NULL,
  sections TEXT NOT NULL, set_at BIGINT NOT NULL, set_by TEXT NOT NULL,
  UNIQUE (workspace, kind, name_pattern)
);
