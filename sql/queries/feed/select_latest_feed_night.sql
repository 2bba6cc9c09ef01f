-- The latest reading of the view; readings of files have no usual size.
SELECT flag FROM idh.feed_night
WHERE rows_there IS NOT NULL
ORDER BY night_id DESC
LIMIT 1
