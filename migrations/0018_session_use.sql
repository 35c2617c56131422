-- What people know their sessions by: the browser as it calls itself, and when it was used last, within ten minutes.
ALTER TABLE session ADD COLUMN agent TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;
