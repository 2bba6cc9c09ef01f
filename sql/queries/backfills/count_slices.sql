SELECT
    count(*) FILTER (WHERE state = 'done') AS done, count(*) FILTER (WHERE state <> 'done') AS left_open
FROM idh.backfill_slice
WHERE backfill_id = :backfill_id
