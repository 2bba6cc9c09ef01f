INSERT INTO idh.backfill (source, since, until, slice_days, priority)
VALUES (:source, :since, :until, :slice_days, :priority)
RETURNING backfill_id
