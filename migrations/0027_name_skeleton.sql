-- What an asset's name looks like (base/name.h, nameSkeleton): names with equal skeletons are drawn alike. Empty: the row
-- is older than this column; the next start fills it.
ALTER TABLE asset ADD COLUMN skeleton TEXT NOT NULL DEFAULT '';
CREATE INDEX asset_skeleton ON asset (workspace, skeleton);
