-- A MAC over the row's other columns, under a key outside the database (src/registry/row_note.h): whoever can write the
-- database cannot make a row that the server uses. Empty: the row is older than this column; the first start fills it.
ALTER TABLE session ADD COLUMN mac TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN mac TEXT NOT NULL DEFAULT '';
ALTER TABLE access_secret ADD COLUMN mac TEXT NOT NULL DEFAULT '';
ALTER TABLE user_account ADD COLUMN mac TEXT NOT NULL DEFAULT '';
ALTER TABLE service_token ADD COLUMN mac TEXT NOT NULL DEFAULT '';
ALTER TABLE logged_model ADD COLUMN mac TEXT NOT NULL DEFAULT '';
ALTER TABLE tree_file ADD COLUMN mac TEXT NOT NULL DEFAULT '';
