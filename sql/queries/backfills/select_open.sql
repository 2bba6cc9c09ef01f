SELECT backfill_id, source, since, until, slice_days, priority FROM idh.backfill WHERE finished_at IS NULL
