-- Webhooks that call other programs' APIs. headers: JSON object, values are credentials; template: JSON with {{members}} of
-- the event, '' for the event itself; kinds: kinds of assets separated by blanks, '' for every kind.
ALTER TABLE webhook ADD COLUMN headers TEXT NOT NULL DEFAULT '';
ALTER TABLE webhook ADD COLUMN template TEXT NOT NULL DEFAULT '';
ALTER TABLE webhook ADD COLUMN kinds TEXT NOT NULL DEFAULT '';
