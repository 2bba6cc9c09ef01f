-- The next slice to list: the newest studies first.
SELECT since, until
FROM idh.backfill_slice
WHERE backfill_id = :backfill_id AND state = 'open'
ORDER BY since DESC LIMIT 1
