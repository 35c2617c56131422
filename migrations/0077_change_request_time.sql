-- When a change request may be carried out at the earliest, in milliseconds; 0: as soon as nothing is missing.
ALTER TABLE change_request ADD COLUMN not_before BIGINT NOT NULL DEFAULT 0;
