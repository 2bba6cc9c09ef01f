-- The latest readings of the pathology feed, or of one of its sources, the latest first.
SELECT occurred_at, source, rows_there, reports_read, reports_new, held, flag, reason
FROM idh.feed_night
WHERE (CAST(:source AS text) IS NULL OR source = :source)
ORDER BY night_id DESC
LIMIT :size
