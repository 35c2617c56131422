-- Who sent a part of an upload, or wrote the file that it was copied from: they are authors of a version of the file.
-- The MAC of a row covers this column, so uploads under way are sent again.
DELETE FROM upload_part;
DELETE FROM part_upload WHERE completed = '';
ALTER TABLE upload_part ADD COLUMN written_by TEXT NOT NULL DEFAULT '';
