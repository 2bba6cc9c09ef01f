UPDATE idh.backfill_slice
SET
    state = 'listed', listed = :listed, taken = :taken, excluded = :excluded, instances = :instances, changed_at = now()
WHERE backfill_id = :backfill_id AND since = :since
