-- Who wrote a file is an author of the versions made from it. Empty: written before this column existed.
ALTER TABLE tree_file ADD COLUMN written_by TEXT NOT NULL DEFAULT '';
-- An upload opens content to its uploader, so its row has a MAC. Uploads from before are sent again; a client that is
-- told that content is missing does so by itself.
DELETE FROM blob_upload;
ALTER TABLE blob_upload ADD COLUMN mac TEXT NOT NULL DEFAULT '';
