SELECT rows_there, flag FROM idh.feed_night
ORDER BY night_id DESC
LIMIT 1
