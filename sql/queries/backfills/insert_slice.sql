INSERT INTO idh.backfill_slice (backfill_id, since, until) VALUES (:backfill_id, :since, :until)
