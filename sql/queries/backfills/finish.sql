UPDATE idh.backfill SET finished_at = now() WHERE backfill_id = :backfill_id
