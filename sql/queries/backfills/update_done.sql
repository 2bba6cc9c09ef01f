UPDATE idh.backfill_slice SET state = 'done', changed_at = now() WHERE backfill_id = :backfill_id AND state = 'listed'
