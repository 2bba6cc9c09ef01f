-- The smallest number of rows in the last five good readings of the view.
SELECT min(rows_there) AS rows_there
FROM (
    SELECT n.rows_there FROM idh.feed_night AS n
    WHERE n.flag IS NULL AND n.rows_there IS NOT NULL
    ORDER BY n.night_id DESC
    LIMIT 5
) AS nights
