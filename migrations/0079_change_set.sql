-- Change requests that are carried out together have the same change set; empty: the request stands alone.
ALTER TABLE change_request ADD COLUMN change_set TEXT NOT NULL DEFAULT '';
CREATE INDEX change_request_set ON change_request (change_set) WHERE change_set <> '';
