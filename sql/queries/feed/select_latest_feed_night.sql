-- Of the view: files come and go.
SELECT flag FROM idh.feed_night
WHERE rows_there IS NOT NULL
ORDER BY night_id DESC
LIMIT 1
